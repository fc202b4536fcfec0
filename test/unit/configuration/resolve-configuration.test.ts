import { readConfigurationText } from '../../../src/adapters/configuration/configuration-text.js';
import type { ConfigurationInput } from '../../../src/domain/configuration/checked-values.js';
import { effectiveValues, printConfigurationReport } from '../../../src/domain/configuration/effective-values.js';
import { problemText } from '../../../src/domain/configuration/problem.js';
import { resolveConfiguration } from '../../../src/domain/configuration/resolve-configuration.js';
import { placedKeys, sectionDefinitions } from '../../../src/domain/configuration/schema.js';

const facts = { hostname: 'board', serverUrl: null };

/** Layers of TOML texts, named a.toml, b.toml, … */
function fromTexts(
  texts: readonly string[],
  more: Partial<ConfigurationInput> = {},
  with_ = facts as typeof facts | { hostname: string; serverUrl: string },
) {
  const readings = texts.map((text, index) => readConfigurationText(`${'abcdef'[index] ?? 'x'}.toml`, text));
  return resolveConfiguration(
    {
      layers: readings.map(({ layer }) => layer),
      readingProblems: readings.flatMap(({ problems }) => problems),
      ...more,
    },
    with_,
  );
}

const mistakes = (resolved: ReturnType<typeof fromTexts>) =>
  resolved.problems.filter(({ severity }) => severity === 'mistake').map(problemText);

describe('defaults', () => {
  const { configuration, problems, degraded } = fromTexts([]);

  test('are those of the schema, under full names', () => {
    expect(configuration.uptane.pollIntervalSeconds).toBe(300);
    expect(configuration.uptane.keyType).toBe('RSA2048');
    expect(configuration.uptane.forceInstallCompletion).toBe(false);
    expect(configuration.storage.path).toBe('/var/sota');
    expect(configuration.packageManager.type).toBe('ostree');
    expect(configuration.provision.archivePath).toBeNull();
    expect(configuration.network.allowHttp).toBe(false);
    expect({ problems, degraded }).toEqual({ problems: [], degraded: false });
  });

  test('every key of the schema has its field, and its default passes its own check', () => {
    const fields = Object.values(configuration).flatMap((section) => Object.keys(section));
    expect(fields).toHaveLength(placedKeys.length);
    for (const { section, name, definition } of placedKeys) {
      const property = sectionDefinitions.get(section)!.property as keyof typeof configuration;
      const written = definition.default === null ? '""' : JSON.stringify(definition.default);
      const [, key] = name.split('.');
      const set = fromTexts([`[${section}]\n${key ?? ''} = ${written}`]);
      expect(mistakes(set)).toEqual([]);
      expect(set.configuration[property]).toEqual(configuration[property]);
    }
  });

  test('the result is frozen throughout', () => {
    expect(Object.isFrozen(configuration)).toBe(true);
    expect(Object.values(configuration).every((section) => Object.isFrozen(section))).toBe(true);
  });
});

describe('merge', () => {
  test('a later file wins key by key, the command line over both', () => {
    const resolved = fromTexts(
      [
        '[uptane]\npolling_sec = 10\nkey_type = "ED25519"',
        '[uptane]\npolling_sec = 20\nforce_install_completion = true',
      ],
      { commandLine: { 'uptane.polling_sec': '30' } },
    );
    expect(resolved.configuration.uptane).toMatchObject({
      pollIntervalSeconds: 30,
      keyType: 'ED25519',
      forceInstallCompletion: true,
    });
    expect(resolved.provenance.get('uptane.key_type')).toEqual({ kind: 'file', source: 'a.toml', line: 3 });
    expect(resolved.provenance.get('uptane.polling_sec')).toMatchObject({ kind: 'command line' });
  });

  test('what aktualizr took in other spellings is taken', () => {
    const { configuration, problems } = fromTexts([
      '[uptane]\npolling_sec = "60"\nforce_install_completion = 1\n[provision]\nexpiry_days = 100\n[telemetry]\nreport_network = "0"',
    ]);
    expect(configuration.uptane.pollIntervalSeconds).toBe(60);
    expect(configuration.uptane.forceInstallCompletion).toBe(true);
    expect(configuration.provision.expiryDays).toBe('100');
    expect(configuration.telemetry.reportNetwork).toBe(false);
    expect(problems).toEqual([]);
  });
});

describe('derived values', () => {
  test('servers follow from the gateway, without a double slash', () => {
    const { configuration, provenance } = fromTexts(['[tls]\nserver = "https://gateway.example:8443/"']);
    expect(configuration.tls.server).toBe('https://gateway.example:8443');
    expect(configuration.provision.server).toBe('https://gateway.example:8443');
    expect(configuration.uptane.directorServer).toBe('https://gateway.example:8443/director');
    expect(configuration.uptane.imageRepositoryServer).toBe('https://gateway.example:8443/repo');
    expect(configuration.packageManager.ostreeServer).toBe('https://gateway.example:8443/treehub');
    expect(configuration.provision.ecuRegistrationEndpoint).toBe('https://gateway.example:8443/director/ecus');
    expect(provenance.get('uptane.director_server')).toMatchObject({ kind: 'derived', source: 'tls.server' });
  });

  test('what is set stays', () => {
    const { configuration } = fromTexts(['[tls]\nserver = "https://a"\n[uptane]\ndirector_server = "https://b/d"']);
    expect(configuration.uptane.directorServer).toBe('https://b/d');
    expect(configuration.provision.ecuRegistrationEndpoint).toBe('https://b/d/ecus');
  });

  test('the gateway comes from the file or the archive only when it is not set', () => {
    const read = { hostname: 'board', serverUrl: ' https://from-file:443\r\n' };
    expect(fromTexts(['[tls]\nserver_url_path = "/gateway.url"'], {}, read).configuration.tls.server).toBe(
      'https://from-file:443',
    );
    const set = fromTexts(['[tls]\nserver = "https://set"\nserver_url_path = "/gateway.url"'], {}, read);
    expect(set.configuration.tls.server).toBe('https://set');
  });

  test('an unusable URL in the file is a safety mistake, no URL is none', () => {
    const text = '[tls]\nserver_url_path = "/gateway.url"';
    const wrong = fromTexts([text], {}, { hostname: 'board', serverUrl: 'ftp://x' });
    expect(wrong.degraded).toBe(true);
    expect(mistakes(wrong)[0]).toMatch(/^\/gateway.url: the URL of the device gateway must be a URL/);
    const absent = fromTexts([text]);
    expect(absent).toMatchObject({ degraded: false });
    expect(absent.configuration.tls.server).toBeNull();
  });

  test('mode, hardware id, sockets and imported files', () => {
    const resolved = fromTexts([
      '[provision]\nprovision_path = "/c.zip"\n[paths]\nruntime = "/run/x"\n[import]\ntls_cacert_path = "root.crt"\ntls_pkey_path = "/k.pem"',
    ]);
    expect(resolved.configuration.provision.mode).toBe('SharedCred');
    expect(resolved.configuration.provision.primaryEcuHardwareId).toBe('board');
    expect(resolved.configuration.control.socketFolder).toBe('/run/x');
    expect(resolved.configuration.import.tlsCertificateAuthorityPath).toBe('/var/sota/import/root.crt');
    expect(resolved.configuration.import.tlsPrivateKeyPath).toBe('/k.pem');
    expect(resolved.configuration.import.tlsClientCertificatePath).toBeNull();
    expect(fromTexts([]).configuration.provision.mode).toBe('DeviceCred');
  });
});

describe('mistakes', () => {
  test.each([
    [
      '[uptane]\npoling_sec = 5',
      'a.toml:2: uptane.poling_sec is no key that sotad knows (did you mean uptane.polling_sec?)',
    ],
    ['[uptan]\npolling_sec = 5', 'a.toml:1: [uptan] is no section that sotad knows (did you mean [uptane]?)'],
    ['[telemetry]\nreport_network = "maybe"', 'a.toml:2: telemetry.report_network must be true or false, not "maybe"'],
    ['[uptane]\npolling_sec = 0', 'a.toml:2: uptane.polling_sec must be between 1 and 2592000, not 0'],
    ['[uptane]\npolling_sec = [5]', 'a.toml:2: uptane.polling_sec must be a whole number, not a list'],
    ['[uptane]\npolling_sec = 1.5', 'a.toml:2: uptane.polling_sec must be a whole number, not 1.5'],
    ['[logger]\nloglevel = 9', 'a.toml:2: logger.loglevel must be between 0 and 5, not 9'],
    ['polling_sec = 5', 'a.toml: polling_sec stands outside a section'],
    ['[network]\nproxy = "https://u:p@host"', 'a.toml:2: network.proxy must not hold a user name or password'],
  ])('%j: the default stands in, updates go on', (text, message) => {
    const resolved = fromTexts([text]);
    expect(mistakes(resolved)).toEqual([message]);
    expect(resolved.degraded).toBe(false);
    expect(resolved.configuration).toEqual(fromTexts([]).configuration);
  });

  test.each([
    ['[pacman]\ntype = "debian"', 'pacman.type must be one of ostree, none'],
    ['[storage]\ntype = "filesystem"', 'storage.type must be one of sqlite'],
    ['[tls]\ncert_source = "pkcs11"', 'tls.cert_source can not be "pkcs11": keys in a PKCS#11 token'],
    ['[tls]\nserver = "http://gateway"', 'tls.server must be an https URL'],
    ['[tls]\nserver = "gateway"', 'tls.server must be a URL'],
    ['[tls]\nserveer = "https://gateway"', 'did you mean tls.server?'],
    ['[provison]\nprovision_path = "/c.zip"', 'did you mean [provision]?'],
    ['[p11]\npass = [1]', 'p11.pass has a value that can not be used'],
    ['[storage]\npath = "/a\\u0000b"', 'storage.path must not hold control characters'],
    ['[storage]\npath: /data', 'line 2 is no section, no key and no comment'],
  ])('%j: a safety key, so degraded', (text, message) => {
    const resolved = fromTexts([text]);
    expect(mistakes(resolved).join('\n')).toContain(message);
    expect(resolved.degraded).toBe(true);
    expect(resolved.kept).toBeNull();
  });

  test('the last working configuration stands in for all safety keys, ordinary ones stay', () => {
    const good = fromTexts(['[tls]\nserver = "https://good"\n[storage]\npath = "/data"\n[uptane]\npolling_sec = 7']);
    const kept = JSON.parse(JSON.stringify(good.kept)) as NonNullable<typeof good.kept>;
    const bad = fromTexts(['[tls]\nserver = "https://new"\n[storage]\npath = [1]\n[uptane]\npolling_sec = 9'], {
      fallback: kept,
    });
    expect(bad.degraded).toBe(false);
    expect(bad.configuration.storage.path).toBe('/data');
    expect(bad.configuration.tls.server).toBe('https://good');
    expect(bad.configuration.uptane.directorServer).toBe('https://good/director');
    expect(bad.configuration.uptane.pollIntervalSeconds).toBe(9);
    expect(bad.provenance.get('storage.path')?.kind).toBe('last working configuration');
    expect(mistakes(bad)).toHaveLength(1);
  });

  test('a fallback that is wrong itself stands in for nothing', () => {
    const fallback = { format: 1 as const, values: { 'storage.path': null, 'tls.server': 'https://x' } };
    const bad = fromTexts(['[pacman]\ntype = "x"'], { fallback });
    expect(bad.degraded).toBe(true);
    expect(bad.configuration.tls.server).toBeNull();
  });

  test('without a mistake the fallback says nothing', () => {
    const { kept } = fromTexts(['[storage]\npath = "/old"']);
    expect(fromTexts(['[storage]\npath = "/new"'], { fallback: kept }).configuration.storage.path).toBe('/new');
  });

  test('http is taken when it is allowed in words', () => {
    const { configuration, problems } = fromTexts(['[network]\nallow_http = true\n[tls]\nserver = "http://gateway"']);
    expect(configuration.tls.server).toBe('http://gateway');
    expect(problems).toEqual([]);
  });

  test('a key that is not used yet is a notice', () => {
    const { problems, degraded } = fromTexts(['[uptane]\nsecondary_config_file = "/s.json"\n[p11]\nmodule = "/m.so"']);
    expect(problems.map(({ severity }) => severity)).toEqual(['notice', 'notice']);
    expect(problems[0]?.reason).toContain('accepted but not used yet');
    expect(degraded).toBe(false);
  });

  test('settings of the command line are named as such', () => {
    expect(mistakes(fromTexts([], { commandLine: { 'logger.loglevel': 'x', nonsense: '1' } }))).toEqual([
      'command line: [nonsense] is no section that sotad knows',
      'command line: logger.loglevel must be a whole number, not "x"',
    ]);
  });
});

test('secrets are masked, also in mistakes', () => {
  const resolved = fromTexts(['[p11]\npass = "4711"\n[provision]\np12_password = "hush"']);
  expect(JSON.stringify(effectiveValues(resolved))).not.toMatch(/4711|hush/);
  expect(effectiveValues(resolved).find(({ name }) => name === 'p11.pass')?.value).toBe('***');
});

test('the configuration report is TOML that gives the same configuration, without secrets', () => {
  const text = '[p11]\npass = "4711"\n[provision]\ndevice_id = "a \\"b\\" \\\\ ü"\n[tls]\nserver = "https://gateway"';
  const resolved = fromTexts([text]);
  const report = printConfigurationReport(resolved);
  expect(report).not.toContain('4711');
  const again = fromTexts([report]);
  expect(mistakes(again)).toEqual([]);
  expect(again.problems.filter(({ reason }) => reason.includes('TOML'))).toEqual([]);
  expect(again.configuration).toEqual({
    ...resolved.configuration,
    pkcs11: { ...resolved.configuration.pkcs11, userPin: '' },
  });
});
