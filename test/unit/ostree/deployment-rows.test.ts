import { parseDeploymentRows } from '../../../src/adapters/ostree/deployment-rows.js';

const commit = 'd'.repeat(64);

test('counts staged and foreign rows, and knows the booted one', () => {
  const text = [
    `  demo ${commit}.1 (staged)`,
    '    Version: 2',
    `    origin refspec: ${commit}`,
    `  other ${commit}.0 (pending)`,
    `* demo ${commit}.0`,
    `    origin: <unknown origin type>`,
    `  demo ${'e'.repeat(64)}.0 (rollback)`,
    '    Pinned: yes',
  ].join('\n');
  expect(parseDeploymentRows(text)).toEqual([
    { index: 0, osName: 'demo', commit, name: `${commit}.1`, isMarkedBooted: false },
    { index: 1, osName: 'other', commit, name: `${commit}.0`, isMarkedBooted: false },
    { index: 2, osName: 'demo', commit, name: `${commit}.0`, isMarkedBooted: true },
    { index: 3, osName: 'demo', commit: 'e'.repeat(64), name: `${'e'.repeat(64)}.0`, isMarkedBooted: false },
  ]);
  expect(parseDeploymentRows('No deployments.\n')).toEqual([]);
});
