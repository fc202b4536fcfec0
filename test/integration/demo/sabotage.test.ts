import { runDemo, type DemoRun } from '../../support/demo-run.js';

/** The field that each sabotage is about, in the order in which one depends on the other. */
const steps = [
  ['provision', 'provisioned'],
  ['pull', 'pulledObjects'],
  ['uenv', 'uEnvVerified'],
  ['reboot', 'rebooted'],
  ['confirm', 'confirmed'],
  ['manifest', 'manifestAccepted'],
] as const;

/** On two cores two at a time take half as long; more of them would only wait for each other. */
const atOnce = 2;
const runs = new Map<string, DemoRun>();

beforeAll(async () => {
  const waiting = steps.map(([sabotage]) => sabotage);
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      runs.set(next, await runDemo(['--json', '--sabotage', next]));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}, 240_000);

test.each(steps)('sabotaged %s: %s and what depends on it is false, what comes before is true', (sabotage, field) => {
  const run = runs.get(sabotage);
  const broken = steps.findIndex(([, name]) => name === field);
  const truth = Object.fromEntries(steps.map(([, name], index) => [name, index < broken]));
  const seen = Object.fromEntries(steps.map(([, name]) => [name, Boolean(run?.observations?.[name])]));
  expect({ seen, story: run?.story }).toMatchObject({ seen: truth });
  expect(run?.exitCode).toBe(1);
  // It ended because the device met what was broken, not because time ran out.
  expect(run?.story).toContain('; sabotaged: ');
});
