import * as Comlink from 'comlink';
import { Importer } from './import/importer';
import { holdLifeline } from './lifeline';

/** Worker scripts lie one folder below the app, both built and in development. */
const APP_FOLDER = '..';

holdLifeline();
Comlink.expose(new Importer(new URL(APP_FOLDER, self.location.href).href));
