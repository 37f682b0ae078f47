import type { Charge } from './pace';

/** https://www.w3.org/TR/battery-status/, which some browsers offer. */
interface BatteryManager extends EventTarget {
  readonly level: number;
  readonly charging: boolean;
}

/** The charge of this device as it changes; null where the browser does not tell. */
export class Battery {
  charge = $state.raw<Charge | null>(null);

  /** Follows it until the returned function is called. */
  follow(): () => void {
    let battery: BatteryManager | null = null;
    let isOver = false;
    const read = () => {
      if (battery) this.charge = { level: battery.level, isCharging: battery.charging };
    };
    const begin = async () => {
      const { getBattery } = navigator as { getBattery?: () => Promise<BatteryManager> };
      const found = (await getBattery?.call(navigator).catch(() => null)) ?? null;
      if (isOver) return;
      battery = found;
      for (const change of ['levelchange', 'chargingchange']) battery?.addEventListener(change, read);
      read();
    };
    void begin();
    return () => {
      isOver = true;
      for (const change of ['levelchange', 'chargingchange']) battery?.removeEventListener(change, read);
    };
  }
}
