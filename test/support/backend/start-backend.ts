// For development only: starts the development backend inside the test process.
import { OperatorClient } from '../../../src/development/backend/commands/operator-client.js';
import type { Backend } from '../../../src/development/backend/backend.js';
import type { FaultAction, FaultMatch, FaultRule } from '../../../src/development/backend/faults/rule.js';
import { runBackend } from '../../../src/development/backend/serve.js';
import { settle, type BackendChoices } from '../../../src/development/backend/wire.js';

export interface StartedBackend {
  /** `https://127.0.0.1:PORT`; the same after a restart in the same folder. */
  readonly gatewayUrl: string;
  readonly operatorUrl: string;
  readonly credentialsZipPath: string;
  /** Holds `director/root.json` and `repo/root.json`, as `import.base_path` and an image want them. */
  readonly rootsFolder: string;
  /** The parts of the running backend: devices, director, image, faults, requests. */
  readonly handle: Backend;
  /** The operator API as the command line uses it. */
  readonly operator: OperatorClient;
  addFault(action: FaultAction, match?: FaultMatch): FaultRule;
  stop(): Promise<void>;
}

/** Ports are any free ones, lines of the log are dropped unless `log` is given. */
export async function startBackend(choices: BackendChoices): Promise<StartedBackend> {
  const running = await runBackend(settle({ log: () => undefined, ...choices }));
  const { backend, address } = running;
  return {
    gatewayUrl: address.gateway,
    operatorUrl: address.operator,
    credentialsZipPath: address.credentials,
    rootsFolder: address.roots,
    handle: backend,
    operator: new OperatorClient(address.operator),
    addFault: (action, match) => backend.faults.add({ action, ...(match === undefined ? {} : { match }) }),
    stop: () => running.stop(),
  };
}
