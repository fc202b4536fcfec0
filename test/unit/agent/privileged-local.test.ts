import { LocalPrivilegedActions } from '../../../src/agent/privileged-local.js';
import { SotaError } from '../../../src/domain/errors/sota-error.js';
import type { BootExpectation } from '../../../src/ports/bootloader.js';
import type { TreeFacts } from '../../../src/ports/operating-system-tree.js';
import type { TrustChange } from '../../../src/ports/trust.js';
import { deployment, emptyTrust, treeFacts } from '../../support/agent/fake-privileged.js';
import { newCommit, oldCommit } from '../../support/update/records.js';

function board(facts: TreeFacts | null) {
  const calls: string[] = [];
  const verified: BootExpectation[] = [];
  const committed: TrustChange[] = [];
  const failures = new Map<string, Error>();
  let current = facts;
  const step = (name: string): Promise<void> => {
    calls.push(name);
    const failure = failures.get(name);
    return failure === undefined ? Promise.resolve() : Promise.reject(failure);
  };
  const system = {
    tree: {
      facts: () => Promise.resolve(current ?? treeFacts(null)),
      pull: () => step('pull'),
      release: () => step('release'),
      deploy: () => step('deploy'),
      undeploy: () => {
        current = treeFacts(oldCommit);
        return step('undeploy');
      },
    },
    bootloader: () =>
      Promise.resolve({
        prepare: () => step('prepare'),
        arm: () => step('arm'),
        disarm: () => step('disarm'),
        verify: (expectation: BootExpectation) => {
          verified.push(expectation);
          return step('verify');
        },
      }),
  };
  const actions = new LocalPrivilegedActions({
    system: facts === null ? null : system,
    power: {
      obstacle: () => Promise.resolve(null),
      acquire: () => step('acquire'),
      release: () => step('give back'),
      reboot: () => step('reboot'),
    },
    trust: {
      load: () => Promise.resolve(emptyTrust),
      commit: (change) => {
        committed.push(change);
        return Promise.resolve(emptyTrust);
      },
      nextReportCounter: () => Promise.resolve(7),
    },
    guard: (_, change) => {
      if (change.files !== undefined) throw new SotaError('METADATA_SIGNATURE', { message: 'forged' });
    },
    pullSource: async () => {
      await step('source');
      return { url: 'https://treehub', tls: { certificateAuthorities: '' } };
    },
  });
  return { actions, calls, verified, committed, failures };
}

const folder = (commit: string): string => `/sysroot/${commit}.0`;

test.each(['', 'abc', `${newCommit}/..`, newCommit.toUpperCase(), `--${newCommit}`, `${newCommit}\n`])(
  'only a commit is taken for one, not %j',
  async (text) => {
    const { actions, calls } = board(treeFacts(oldCommit));
    const tries = [
      () => actions.pull(text, {}),
      async () => actions.release(text),
      () => actions.deploy(text),
      () => actions.verifyBootConfiguration(text),
      () => actions.undeploy(text),
    ];
    for (const attempt of tries) await expect(attempt()).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(calls).toEqual([]);
  },
);

test('a deploy is refused before anything is touched where the metadata do not name the commit', async () => {
  const { actions, calls, failures } = board(treeFacts(oldCommit));
  failures.set('source', new SotaError('TARGET_UNKNOWN', { message: 'who?' }));
  await expect(actions.deploy(newCommit)).rejects.toMatchObject({ code: 'TARGET_UNKNOWN' });
  await expect(actions.pull(newCommit, {})).rejects.toMatchObject({ code: 'TARGET_UNKNOWN' });
  expect(calls).toEqual(['source', 'source']);
});

test('a deploy holds the update lock, and gives it back when it fails', async () => {
  const { actions, calls, failures } = board(treeFacts(oldCommit));
  failures.set('deploy', new SotaError('DEPLOY_FAILED', { message: 'no' }));
  await expect(actions.deploy(newCommit)).rejects.toMatchObject({ code: 'DEPLOY_FAILED' });
  expect(calls).toEqual(['source', 'acquire', 'prepare', 'deploy', 'give back']);
});

test('nothing is deployed while somebody else holds the lock', async () => {
  const { actions, calls, failures } = board(treeFacts(oldCommit));
  failures.set('acquire', new SotaError('UPDATE_LOCKED', { message: 'held' }));
  await expect(actions.deploy(newCommit)).rejects.toMatchObject({ code: 'UPDATE_LOCKED' });
  expect(calls).toEqual(['source', 'acquire']);
});

test('the first entry must boot the commit, the second the running version', async () => {
  const { actions, verified } = board(treeFacts(oldCommit, newCommit));
  await actions.verifyBootConfiguration(newCommit);
  expect(verified).toEqual([
    {
      first: { commit: newCommit, folder: folder(newCommit) },
      second: { commit: oldCommit, folder: folder(oldCommit) },
    },
  ]);
});

test('a commit that would not boot next is wrong, whatever the boot configuration says', async () => {
  const { actions, verified } = board(treeFacts(oldCommit));
  await expect(actions.verifyBootConfiguration(newCommit)).rejects.toMatchObject({ code: 'BOOT_CONFIGURATION_WRONG' });
  expect(verified).toEqual([]);
});

test('after an undeploy the running version is verified to boot next', async () => {
  const { actions, calls, verified } = board(treeFacts(oldCommit, newCommit));
  await actions.undeploy(newCommit);
  expect(calls).toEqual(['undeploy', 'verify']);
  expect(verified).toEqual([{ first: { commit: oldCommit, folder: folder(oldCommit) }, second: null }]);
});

test('an undeploy of what is gone already changes nothing', async () => {
  const { actions, calls } = board(treeFacts(oldCommit));
  await actions.undeploy(newCommit);
  expect(calls).toEqual([]);
});

test('the version that runs is never undeployed', async () => {
  const running = deployment(newCommit, 0, true);
  const { actions, calls } = board({ deployments: [running], booted: running, bootId: 'boot-1' });
  await actions.undeploy(newCommit);
  expect(calls).toEqual([]);
});

test('a reboot holds the lock', async () => {
  const { actions, calls } = board(treeFacts(oldCommit));
  await actions.reboot();
  expect(calls).toEqual(['acquire', 'reboot', 'give back']);
});

test('trust changes only by what the guard lets through', async () => {
  const { actions, committed } = board(treeFacts(oldCommit));
  const files = [{ repository: 'director', role: 'targets', bytes: Buffer.from('forged') }] as const;
  await expect(actions.commitTrust({ files })).rejects.toMatchObject({ code: 'METADATA_SIGNATURE' });
  await actions.commitTrust({ lastConfirmedCommit: oldCommit });
  expect(committed).toEqual([{ lastConfirmedCommit: oldCommit }]);
});

test('a device without OSTree says so', async () => {
  const { actions } = board(null);
  const error = { code: 'SYSROOT_UNAVAILABLE' };
  await expect(actions.deploy(newCommit)).rejects.toMatchObject(error);
  await expect((async () => actions.treeFacts())()).rejects.toMatchObject(error);
  await expect(actions.armBootloader()).rejects.toMatchObject(error);
});
