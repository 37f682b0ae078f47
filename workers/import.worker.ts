import * as Comlink from 'comlink';
import { Importer } from './import/importer';

/** Worker scripts lie one folder below the app, both built and in development. */
const APP_FOLDER = '..';

Comlink.expose(new Importer(new URL(APP_FOLDER, self.location.href).href));
