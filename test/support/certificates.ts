import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** A self-signed certificate made by openssl(1), whose files stay in the folder. */
export function makeCertificate(folder: string, commonName: string): TestCertificate {
  const [keyPath, certificatePath] = [join(folder, `${commonName}.key`), join(folder, `${commonName}.pem`)];
  execFileSync(
    'openssl',
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=${commonName} -keyout ${keyPath} -out ${certificatePath}`.split(
      ' ',
    ),
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  return { certificate: readFileSync(certificatePath, 'utf8'), key: readFileSync(keyPath, 'utf8') };
}
