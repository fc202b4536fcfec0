/** Puts sotad together: which part works with which. */
import { createHash } from 'node:crypto';
import { ControlServer } from '../../adapters/control/control-server.js';
import { findGroupId } from '../../adapters/control/group-id.js';
import type { LoadedConfiguration } from '../../adapters/configuration/load-configuration.js';
import type { ProductLogger } from '../../adapters/winston/create-logger.js';
import { Agent } from '../../agent/agent.js';
import { DeviceData } from '../../agent/device-data.js';
import { makeEffects } from '../../agent/effects/effects.js';
import { EventRecorder } from '../../agent/event-recorder.js';
import { EventSender } from '../../agent/event-sender.js';
import { FirstRoots } from '../../agent/first-roots.js';
import { importInstalledVersions } from '../../agent/imported-versions.js';
import { InstalledVersions } from '../../agent/installed-versions.js';
import { metadataGuard } from '../../agent/metadata-guard.js';
import { MetadataSession } from '../../agent/metadata-session.js';
import { NamedTargets, pullSourceOf } from '../../agent/named-targets.js';
import { ObservedHttpFactory, Patience } from '../../agent/observed-http.js';
import { PollCycle } from '../../agent/poll-cycle.js';
import { PollLoop } from '../../agent/poll-loop.js';
import { LocalPrivilegedActions } from '../../agent/privileged-local.js';
import { ProgressBoard } from '../../agent/progress.js';
import { Provisioning } from '../../agent/provisioning.js';
import { Reporter } from '../../agent/reporter.js';
import { StatusService } from '../../agent/status-service.js';
import { TimeKeeper } from '../../agent/time-keeper.js';
import { UpdateRunner, type Effects } from '../../agent/update-runner.js';
import { Vitality } from '../../agent/vitality.js';
import { printConfigurationReport } from '../../domain/configuration/effective-values.js';
import { SotaError } from '../../domain/errors/sota-error.js';
import { attemptOf } from '../../domain/update/record.js';
import { defaultBackoff } from '../../domain/policy/backoff.js';
import type { StateStore } from '../../ports/journal.js';
import type { PullSource } from '../../ports/operating-system-tree.js';
import type { TrustStore } from '../../ports/trust.js';
import { buildMilliseconds, sotadVersion } from '../build-facts.js';
import { keepConfiguration } from './configuration.js';
import { provisioningSettings, updateSettings } from './settings.js';
import type { World } from './world.js';

/**
 * How long each effect may go without a sign of life before the watchdog is no longer fed, seconds. A deploy to a slow
 * card takes long, as does hashing a large file anew; a reboot is waited for ten minutes; waiting for a lock shows a sign each two seconds.
 */
function stallLimits(pullStallSeconds: number): Readonly<Record<keyof Effects, number>> {
  const minute = 60;
  return {
    download: Math.max(15 * minute, 3 * pullStallSeconds),
    awaitClearance: 5 * minute,
    install: 30 * minute,
    offerReboot: 5 * minute,
    reboot: 15 * minute,
    confirm: 5 * minute,
    undo: 30 * minute,
    report: 5 * minute,
  };
}

/** Effects that go wrong by themselves are tried again within this time: each try may cost a write to flash. */
const effectBackoff = { ...defaultBackoff, firstSeconds: 2, capSeconds: 15 * 60 };

export interface DaemonParts {
  readonly world: World;
  readonly loaded: LoadedConfiguration;
  readonly logger: ProductLogger;
  readonly state: StateStore;
  readonly trust: TrustStore;
  /** Aborted when the daemon is told to end. */
  readonly ending: AbortSignal;
}

/** Where metadata, treehub, events are; empty where no server is known: then provisioning fails with that reason. */
function serverUrls({ configuration }: LoadedConfiguration) {
  return {
    gateway: configuration.tls.server ?? '',
    director: configuration.uptane.directorServer ?? '',
    image: configuration.uptane.imageRepositoryServer ?? '',
    treehub: configuration.packageManager.ostreeServer ?? '',
  };
}

function wirePrivileged({ world, loaded, trust }: DaemonParts, now: () => number): LocalPrivilegedActions {
  const { treehub } = serverUrls(loaded);
  const { primaryEcuHardwareId, primaryEcuSerial } = loaded.configuration.provision;
  const named = new NamedTargets({
    ...{ trust, cryptography: world.cryptography, now },
    ecus: async () => {
      const key = await world.identity.primaryKey(loaded.configuration.uptane.keyType);
      return new Map([[primaryEcuSerial ?? key.keyId, primaryEcuHardwareId]]);
    },
  });
  return new LocalPrivilegedActions({
    system: world.system,
    power: world.power,
    trust,
    guard: metadataGuard(world.cryptography, now),
    pullSource: async (commit): Promise<PullSource> => {
      const tls = await world.identity.tls();
      if (tls === null) throw new SotaError('CREDENTIALS_MISSING', { message: 'there is no device credential yet' });
      return pullSourceOf(await named.require(commit), treehub, tls);
    },
  });
}

/** The agent with everything it needs, and the sockets that show it. */
export async function wireDaemon(
  parts: DaemonParts,
): Promise<{ readonly agent: Agent; readonly control: ControlServer }> {
  const { world, loaded, logger, state, trust, ending } = parts;
  const { configuration } = loaded;
  const { files, clock, random, cryptography, identity, notifier } = world;
  const urls = serverUrls(loaded);
  const settings = updateSettings(configuration, loaded.degraded);
  const provisioningOf = provisioningSettings(configuration, loaded.degraded);
  const vitality = new Vitality(clock);
  const patience = new Patience();
  const installed = new InstalledVersions(state);
  await importInstalledVersions({ files, folder: configuration.import.basePath, installed, state, logger });

  const privileged: LocalPrivilegedActions = wirePrivileged(parts, () => time.now());
  const time: TimeKeeper = new TimeKeeper({
    clock,
    privileged,
    buildMilliseconds,
    keptFloorMilliseconds: (await trust.load()).timeFloorMilliseconds,
  });
  const firstRoots = new FirstRoots({ settings: provisioningOf, files, privileged, cryptography, time, logger });
  const provisioning = new Provisioning({
    ...{ settings: provisioningOf, identity, credentials: world.credentials },
    httpFactory: new ObservedHttpFactory(world.httpFactory, { patience, onExchange: () => pollLoop.sign(), ending }),
    ...{ state, firstRoots, clock, random, logger },
  });
  const board = new ProgressBoard(() => {
    runner.sign();
    void status.progressed();
  });
  const runner: UpdateRunner = new UpdateRunner({
    state,
    effects: makeEffects({
      ...{ settings, privileged, images: world.images, state, installed, progress: board, notifier },
      ...{ clock, random, logger, recentLog: logger, now: () => time.best() },
      http: () => {
        if (provisioning.http !== null) return provisioning.http;
        throw new SotaError('CREDENTIALS_MISSING', { message: 'there is no device credential yet' });
      },
      events: new EventRecorder({ state, clock, random }),
      wakePoll: () => pollLoop.wakeSoon(),
    }),
    ...{ clock, random, logger, vitality, backoff: effectBackoff },
    stallLimitSeconds: stallLimits(configuration.packageManager.stallTimeoutSeconds),
    onChange: (record) => {
      logger.belongTo(attemptOf(record)?.correlationId ?? null);
      agent.recordChanged(record);
    },
    onTrouble: () => void status.refresh(),
  });
  const session = new MetadataSession({
    privileged,
    cryptography,
    time,
    urls: { director: urls.director, image: urls.image },
  });
  const cycle = new PollCycle({
    ...{ packageManager: settings.packageManager, provisioning, session, runner, privileged, installed },
    ...{ images: world.images, time, logger, isDegraded: loaded.degraded },
    reporter: new Reporter({ state, privileged, directorUrl: urls.director, clock, logger }),
    eventSender: new EventSender({ state, gatewayUrl: urls.gateway, logger }),
    deviceData: new DeviceData({
      ...{ facts: world.deviceFacts, state, logger, gatewayUrl: urls.gateway },
      reportNetwork: configuration.telemetry.reportNetwork,
      configuration: configuration.telemetry.reportConfiguration ? printConfigurationReport(loaded) : null,
      digest: (text) => createHash('sha256').update(text).digest('hex'),
    }),
    isRetryDue: () => pollLoop.isRetryDue(),
  });
  const pollLoop: PollLoop = new PollLoop({
    poll: async () => {
      const result = await cycle.run();
      await keepConfiguration(files, loaded);
      return result;
    },
    intervalSeconds: configuration.uptane.pollIntervalSeconds,
    jitterPercent: configuration.uptane.pollJitterPercent,
    firstPollMaximumSeconds: configuration.uptane.firstPollMaximumSeconds,
    ...{ clock, random, logger, vitality, patience },
    onPolled: (outcome) => void status.polled(outcome),
  });
  const status: StatusService = new StatusService({
    version: sotadVersion,
    packageManager: settings.packageManager,
    rebootsItself: settings.forceInstallCompletion,
    configurationProblems: loaded.problems,
    configurationDegraded: loaded.degraded,
    ...{ privileged, installed, state, publisher: world.publisher, notifier, clock, logger },
    view: () => ({
      record: runner.record,
      trouble: runner.trouble,
      board,
      device: cycle.device,
      hardwareId: provisioningOf.hardwareId,
      lastPoll: pollLoop.lastOutcome,
      nextPollMilliseconds: pollLoop.nextPollMilliseconds,
      backoffUntilMilliseconds: pollLoop.retryMilliseconds,
    }),
  });
  const agent: Agent = new Agent({
    ...{ packageManager: settings.packageManager, runner, pollLoop, status, provisioning },
    ...{ privileged, notifier, vitality, clock, logger },
  });
  const control = new ControlServer({
    folder: configuration.control.socketFolder,
    groupId: await findGroupId(world.processes, configuration.control.group),
    logger,
    statusDocument: () => status.text(),
    subscribe: (listener) => status.subscribe(listener),
    history: (maximum) => state.history.list(maximum),
    check: () => agent.check(),
    update: () => agent.update(),
  });
  return { agent, control };
}
