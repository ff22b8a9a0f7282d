/** The API on a port of its own over a given database, as the web process serves it, without the screens. */
import { createServer } from 'node:http';
import { quietLog } from '../../control/testing/quiet-log.ts';
import { VERSION } from '../../control/version.ts';
import { handleApi } from '../http/api-handler.ts';
import { sendText } from '../http/respond.ts';
import type { SecuritySettings } from '../http/security.ts';
import { startWebServices, type WebServices } from '../web-services.ts';

export interface ApiServer {
  url: string;
  web: WebServices;
  stop(): Promise<void>;
}

/** Nothing is recorded in a test of the API: both are empty. */
const INSTALLATION = {
  runbooks: import.meta.dirname,
  evidence: import.meta.dirname,
  software: { version: VERSION, content: null },
};

export async function startApiServer(
  databaseUrl: string,
  security: SecuritySettings = { host: '127.0.0.1', adminPassword: null },
): Promise<ApiServer> {
  const web = await startWebServices(databaseUrl, security, INSTALLATION, quietLog);
  const server = createServer((request, response) => {
    void handleApi(request, response, web.parts).then((handled) => {
      if (!handled) sendText(response, 200, 'text/plain', 'screen');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    web,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await web.stop();
    },
  };
}
