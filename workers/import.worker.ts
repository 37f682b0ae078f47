import * as Comlink from 'comlink';
import { Importer } from './import/importer';

// Worker scripts lie one folder below the app, both built and in development.
Comlink.expose(new Importer(new URL('..', self.location.href).href));
