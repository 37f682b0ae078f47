import { cameraIds, type Facing } from '../pictures/camera';
import { openFile, openScreen, problemOf, watchCamera, type Source, type SourceProblem } from './source';

/** What is being watched, one thing at a time, and what became of the wish to watch something. */
export class WatchedSource {
  current = $state.raw<Source | null>(null);
  problem = $state<SourceProblem | null>(null);
  isOpening = $state(false);
  /** Whether there is another camera than the one being watched. */
  hasOtherCamera = $state(false);
  #cameras: string[] = [];
  /** Counts wishes: only the last one is fulfilled. */
  #wish = 0;

  openCamera(facing: Facing): Promise<void> {
    return this.#open(() => watchCamera({ facing }));
  }

  openScreen(): Promise<void> {
    return this.#open(openScreen);
  }

  openFile(file: File): Promise<void> {
    return this.#open(async () => openFile(file));
  }

  /** On a device that is held in the hand the camera that looks the other way, else the next one of all. */
  switchCamera(isHandheld: boolean): Promise<void> {
    const { facing = null, deviceId = '' } = this.current ?? {};
    if (isHandheld && facing) return this.openCamera(facing === 'user' ? 'environment' : 'user');
    const next = this.#cameras[(this.#cameras.indexOf(deviceId) + 1) % this.#cameras.length] ?? '';
    return this.#open(() => watchCamera({ deviceId: next }));
  }

  close(problem: SourceProblem | null = null): void {
    this.#wish++;
    this.current?.close();
    this.current = null;
    this.isOpening = false;
    this.problem = problem;
  }

  /** Phones open one camera at a time: the one before is closed first. */
  async #open(open: () => Promise<Source | null>): Promise<void> {
    this.close();
    const wish = this.#wish;
    this.isOpening = true;
    try {
      const source = await open();
      if (wish !== this.#wish) return source?.close();
      this.current = source;
      if (source?.kind === 'camera') this.#cameras = await cameraIds();
      this.hasOtherCamera = source?.kind === 'camera' && this.#cameras.length > 1;
    } catch (error) {
      if (wish === this.#wish) this.problem = problemOf(error);
    } finally {
      if (wish === this.#wish) this.isOpening = false;
    }
  }
}
