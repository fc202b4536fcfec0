import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { runDemo } from '../../support/demo-run.js';

const checksum = /^[0-9a-f]{64}$/;

test('the main job: everything is observed, the last line is JSON, the story shows a pull at work', async () => {
  const run = await runDemo(['--json']);
  expect({ story: run.story, seen: run.observations }).toMatchObject({
    seen: {
      provisioned: true,
      pulledObjects: expect.any(Number) as number,
      uEnvVerified: true,
      rebooted: true,
      confirmed: true,
      manifestAccepted: true,
      bootedCommit: expect.stringMatching(checksum) as string,
      manifestNumber: expect.any(Number) as number,
    },
  });
  // A quarter of the 200 files is new, each with folders above it.
  expect(run.observations?.['pulledObjects']).toBeGreaterThan(50);
  expect(run.exitCode).toBe(0);
  expect(run.output.trimEnd()).not.toContain('\n');
  expect(run.story).toMatch(/State +downloading: .*\d+ of \d+ objects/);
}, 120_000);

test('a file as target, kept: what is printed for looking works outside of the namespace', async () => {
  const run = await runDemo(['--json', '--binary', '--keep']);
  const folder = /kept in (\S+);/.exec(run.story)?.[1] ?? '';
  try {
    expect({ story: run.story, seen: run.observations }).toMatchObject({
      seen: {
        provisioned: true,
        downloadedBytes: 3_000_000,
        filePlaced: true,
        confirmed: true,
        manifestAccepted: true,
      },
    });
    expect(run.exitCode).toBe(0);
    const commands = printedCommands(run.story);
    const looks = commands.filter((command) => /^cat |^ls |sotactl/.test(command));
    expect(looks).toHaveLength(3);
    for (const command of looks) {
      const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
      // 6: sotad does not run, its last status is shown.
      expect({ command, status, stderr }).toMatchObject({ status: command.includes('sotactl') ? 6 : 0 });
      expect(stdout).not.toBe('');
    }
    const removal = commands.at(-1) ?? '';
    expect(removal).toBe(`rm -rf ${folder}`);
    spawnSync('sh', ['-c', removal]);
    expect(existsSync(folder)).toBe(false);
  } finally {
    if (folder.startsWith(tmpdir())) rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);

test('without user namespaces it says so and ends', async () => {
  const forbidden = ['unshare', '-rm', 'sh', '-c', 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"', 'sh'];
  const run = await runDemo(['--json'], forbidden);
  expect(run.story).toContain('this machine forbids user namespaces');
  expect(run.exitCode).toBe(1);
  expect(run.output).toBe('');
});

test('usage: help ends with 0, what does not exist with 2', async () => {
  const help = await runDemo(['--help']);
  expect(help.exitCode).toBe(0);
  expect(help.output).toContain('--sabotage');
  expect((await runDemo(['--sabotage', 'weather'])).exitCode).toBe(2);
  const impossible = await runDemo(['--binary', '--sabotage', 'reboot']);
  expect(impossible.exitCode).toBe(2);
  expect(impossible.story).toContain('break one of provision, pull');
});

function printedCommands(story: string): readonly string[] {
  const lines = story.slice(story.indexOf('kept in ')).split('\n');
  return lines
    .filter((line) => line.includes('| '))
    .map((line) => line.slice(line.indexOf('| ') + 2))
    .filter((line) => !line.startsWith('#'));
}
