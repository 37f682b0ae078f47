import * as Comlink from 'comlink';
import type { PackerApi } from './import/packers';
import { packRows } from './import/packRows';

const api: PackerApi = {
  pack: (rows) => {
    const packed = packRows(rows);
    return Comlink.transfer(packed, [packed.buffer]);
  },
};

Comlink.expose(api);
