/**
 * What the daemon costs while nothing happens. Both sides run on a copy of Node of their own, so that nobody shares its
 * pages: that is what a device with one Node process sees.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { copyFile, mkdtemp, rm, symlink, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SimulatedDevice } from '../src/development/device/simulated-device.js';
import { median, rounded, type Benchmark, type BenchmarkContext, type Measured } from './benchmark.js';
import { CountingRelay } from './counting-relay.js';
import { changesBetween, folderState } from './folder-state.js';
import { cpuMillisecondsOf, memoryOf, writtenBytesOf, type Memory } from './process-facts.js';
import { pause, Station } from './station.js';

/** Polls before anything is measured: caches fill, the compiler has seen the code. */
const firstPolls = 5;
const countedPolls = 20;
const settleMilliseconds = 3_000;

/** Costs of one idle poll. */
interface PollCosts {
  readonly cpuMilliseconds: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly diskBytes: number;
}

interface Sample {
  readonly ours: Memory;
  readonly peer: Memory;
  readonly poll: PollCosts;
}

/** A Node that only holds a timer. */
async function startBare(context: BenchmarkContext, interpreter: string): Promise<ChildProcess> {
  const program = join(context.folder, 'bare.js');
  await writeFile(program, 'setInterval(() => undefined, 10_000);\n');
  return spawn(interpreter, [program], { stdio: 'ignore', env: { PATH: process.env['PATH'] ?? '' } });
}

function pidOf({ pid }: { readonly pid?: number | null | undefined }): number {
  if (pid === undefined || pid === null) throw new Error('the process does not run');
  return pid;
}

/** Sends polls one after the other. @throws Error when one of them wrote a file. */
async function costsOfPolls(station: Station, device: SimulatedDevice, relay: CountingRelay): Promise<PollCosts> {
  const pid = pidOf(device);
  const storage = device.folders.storage;
  const before = {
    files: await folderState(storage),
    cpu: await cpuMillisecondsOf(pid),
    disk: await writtenBytesOf(pid),
    sent: relay.sentBytes,
    received: relay.receivedBytes,
  };
  for (let poll = 0; poll < countedPolls; poll += 1) await station.poll(device);
  const written = changesBetween(before.files, await folderState(storage));
  if (written.length > 0) throw new Error(`an idle poll wrote in its storage: ${written.join(', ')}`);
  return {
    cpuMilliseconds: ((await cpuMillisecondsOf(pid)) - before.cpu) / countedPolls,
    sentBytes: (relay.sentBytes - before.sent) / countedPolls,
    receivedBytes: (relay.receivedBytes - before.received) / countedPolls,
    diskBytes: ((await writtenBytesOf(pid)) - before.disk) / countedPolls,
  };
}

async function sample(context: BenchmarkContext, station: Station, commit: string, run: number): Promise<Sample> {
  const interpreters = { ours: join(context.folder, 'node-ours'), peer: join(context.folder, 'node-peer') };
  for (const path of Object.values(interpreters)) await copyFile(process.execPath, path);
  const relay = new CountingRelay(station.backend.address.gateway);
  const server = await relay.start();
  // The runtime folder is a tmpfs on a device: what is written there reaches no flash.
  const runtime = await mkdtemp('/dev/shm/sota-');
  const bare = await startBare(context, interpreters.peer);
  const device = await station.board({
    name: `i${run}`,
    commit,
    interpreter: interpreters.ours,
    configuration: { more: { tls: [`server = "${server}"`] } },
  });
  try {
    await mkdir(device.parts.configuration.folder, { recursive: true });
    await symlink(runtime, device.folders.runtime);
    await device.prepare();
    await device.powerOn();
    await station.registered(device, commit);
    for (let poll = 0; poll < firstPolls; poll += 1) await station.poll(device);
    const poll = await costsOfPolls(station, device, relay);
    await pause(settleMilliseconds);
    return { ours: await memoryOf(pidOf(device)), peer: await memoryOf(pidOf(bare)), poll };
  } finally {
    bare.kill('SIGKILL');
    await station.scrap(device);
    await relay.stop();
    await rm(runtime, { recursive: true, force: true });
  }
}

async function measure(context: BenchmarkContext): Promise<Measured> {
  const station = new Station(context);
  await station.backend.start();
  try {
    const commit = await station.build({ version: '1', kernel: '6.6.1' });
    const samples: Sample[] = [];
    for (let run = 1; run <= context.runs; run += 1) {
      const one = await sample(context, station, commit, run);
      samples.push(one);
      const [ours, peer] = [one.ours.proportionalMebibytes, one.peer.proportionalMebibytes];
      context.tell(`run ${run}: ours ${ours.toFixed(1)} MiB, bare Node ${peer.toFixed(1)} MiB`);
    }
    const middle = (value: (one: Sample) => number): number => rounded(median(samples.map(value)));
    return {
      ours: samples.map((one) => one.ours.proportionalMebibytes),
      peer: samples.map((one) => one.peer.proportionalMebibytes),
      details: {
        privateDirtyMebibytes: middle((one) => one.ours.privateDirtyMebibytes),
        peerPrivateDirtyMebibytes: middle((one) => one.peer.privateDirtyMebibytes),
        cpuMillisecondsPerPoll: middle(({ poll }) => poll.cpuMilliseconds),
        wireBytesSentPerPoll: middle(({ poll }) => poll.sentBytes),
        wireBytesReceivedPerPoll: middle(({ poll }) => poll.receivedBytes),
        diskBytesPerPoll: middle(({ poll }) => poll.diskBytes),
        // Otherwise it would have ended with an error.
        filesWrittenByPolls: 0,
        pollsPerRun: countedPolls,
      },
    };
  } finally {
    await station.close();
  }
}

export const idleBenchmark: Benchmark = {
  name: 'idle',
  title: 'proportional set size of an idle sotad against a bare Node that holds a timer; costs of an idle poll',
  unit: 'MiB',
  defaultRuns: 3,
  measure,
};
