import * as Comlink from 'comlink';
import type { PackerApi } from './import/packers';
import { packRows } from './import/packRows';
import { release } from './storage/release';

const api: PackerApi = {
  pack: (rows) => {
    const packed = packRows(rows);
    release(rows.rows);
    return Comlink.transfer(packed, [packed.buffer]);
  },
};

Comlink.expose(api);
