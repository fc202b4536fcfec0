/**
 * What the agent adds to a pull and a deploy: verified metadata, journal, progress, checks of what was written, all
 * measured from the assignment to the verified boot configuration, against the two bare ostree commands.
 */
import { spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeSysroot } from '../src/development/sysroot/make-sysroot.js';
import { runProgram } from '../src/development/sysroot/run-program.js';
import type { Benchmark, BenchmarkContext, Measured } from './benchmark.js';
import { ostreeEnvironment, osName, readIdentity, Station, until } from './station.js';

const tree = { files: 3_000, sizeBytes: 100_000_000 };

/** The transitions at which the agent has seen the assignment, and at which everything is deployed and verified. */
const begin = 'update: idle -> downloading';
const end = 'update: installing -> awaitingReboot';

interface Scene {
  readonly context: BenchmarkContext;
  readonly station: Station;
  readonly first: string;
  readonly second: string;
  readonly target: string;
}

/** Wall clock of the log line with this text, milliseconds. */
function timeOf(log: readonly string[], text: string): number | null {
  const line = log.find((one) => one.includes(text));
  return line === undefined ? null : Date.parse(line.split(' ', 1)[0] ?? '');
}

/** @returns seconds, and the TLS material of the device. */
async function agentPull(
  scene: Scene,
  name: string,
): Promise<{ seconds: number; identity: ReadonlyMap<string, string> }> {
  const { context, station, first, target } = scene;
  const device = await station.board({ name, commit: first });
  await device.prepare();
  await device.powerOn();
  const uuid = await station.registered(device, first);
  await station.backend.assign(uuid, target);
  await runProgram(context.processes, 'sync', []);
  void device.sotactl('check');
  const ended = await until('the update waits for its reboot', () => Promise.resolve(timeOf(device.log, end)));
  const begun = timeOf(device.log, begin) ?? Number.NaN;
  const identity = await readIdentity(device);
  await station.scrap(device);
  return { seconds: (ended - begun) / 1000, identity };
}

async function ostree(...words: readonly string[]): Promise<void> {
  const child = spawn('ostree', words, {
    stdio: 'ignore',
    env: { PATH: process.env['PATH'] ?? '', ...ostreeEnvironment },
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`ostree ${words.join(' ')} ended with ${code}`);
}

/** The bare commands, with the same server and the same kind of client certificate. @returns seconds. */
async function barePull(scene: Scene, name: string, identity: ReadonlyMap<string, string>): Promise<number> {
  const { context, station, first, second } = scene;
  const folder = join(context.folder, name);
  const sysroot = join(folder, 'sysroot');
  await mkdir(folder);
  for (const [file, text] of identity) await writeFile(join(folder, file), text, { mode: 0o600 });
  await station.flash(sysroot, first);
  const repository = join(sysroot, 'ostree/repo');
  await ostree(
    'remote',
    'add',
    `--repo=${repository}`,
    '--no-gpg-verify',
    `--set=tls-ca-path=${join(folder, 'tls-ca.pem')}`,
    `--set=tls-client-cert-path=${join(folder, 'client.pem')}`,
    `--set=tls-client-key-path=${join(folder, 'pkey.pem')}`,
    'bench',
    `${station.backend.address.gateway}/treehub`,
  );
  await runProgram(context.processes, 'sync', []);
  const begun = process.hrtime.bigint();
  await ostree('pull', `--repo=${repository}`, 'bench', second);
  await ostree('admin', 'deploy', `--sysroot=${sysroot}`, `--os=${osName}`, second);
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  await removeSysroot(context.processes, sysroot);
  await rm(folder, { recursive: true });
  return seconds;
}

async function measure(context: BenchmarkContext): Promise<Measured> {
  const station = new Station(context);
  await station.backend.start();
  try {
    const first = await station.build({ version: '1', kernel: '6.6.1' });
    const second = await station.build({ version: '2', kernel: '6.6.2', ...tree });
    const scene = { context, station, first, second, target: await station.publish(second) };
    // Not counted: fills the caches of both sides.
    const { identity } = await agentPull(scene, 'a0');
    await barePull(scene, 'b0', identity);
    const ours: number[] = [];
    const peer: number[] = [];
    for (let run = 1; run <= context.runs; run += 1) {
      const isOursFirst = run % 2 === 1;
      if (isOursFirst) ours.push((await agentPull(scene, `a${run}`)).seconds);
      peer.push(await barePull(scene, `b${run}`, identity));
      if (!isOursFirst) ours.push((await agentPull(scene, `a${run}`)).seconds);
      context.tell(`run ${run}: ours ${ours.at(-1)?.toFixed(2) ?? ''} s, bare ${peer.at(-1)?.toFixed(2) ?? ''} s`);
    }
    return { ours, peer, details: { ...tree, peer: 'ostree pull + ostree admin deploy' } };
  } finally {
    await station.close();
  }
}

export const pullBenchmark: Benchmark = {
  name: 'pull',
  title: 'pull and deploy by the agent, from the assignment to the verified uEnv.txt, against bare ostree commands',
  unit: 's',
  defaultRuns: 5,
  measure,
};
