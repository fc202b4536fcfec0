import { CurlHttpFactory } from '../../../src/adapters/curl/curl-http-factory.js';
import { startHttpsServer } from '../../support/tls/https-server.js';
import { TestAuthority } from '../../support/tls/test-authority.js';

/**
 * An authority of the same name and another key: OpenSSL only meets the difference in the signature, and what it puts
 * into its queue then differs with the number it finds there. So several keys are tried.
 */
test('a server of a namesake of our authority is TLS_SERVER_REFUSED, whatever OpenSSL says about its signature', async () => {
  const ours = new TestAuthority('Server authority');
  const http = new CurlHttpFactory({ version: '1.2.3' }).create({ certificateAuthorities: ours.certificate });
  const cleanups: (() => unknown)[] = [() => http.close()];
  try {
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const namesake = new TestAuthority('Server authority');
      const server = await startHttpsServer({
        certificate: namesake.issue({ commonName: '127.0.0.1', alternativeNames: ['127.0.0.1'], usage: 'server' }),
        clientAuthority: null,
        handle: (_request, response) => void response.end('never'),
      });
      cleanups.push(() => server.close());
      const request = { method: 'GET' as const, url: server.url, maximumBytes: 1000, deadlineSeconds: 10 };
      await expect(http.request(request)).rejects.toMatchObject({ code: 'TLS_SERVER_REFUSED' });
    }
  } finally {
    for (const cleanup of cleanups) await cleanup();
  }
});
