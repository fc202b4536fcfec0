import { NodeProcesses } from '../../../src/adapters/exec/node-processes.js';
import type { Processes, ProcessRequest } from '../../../src/ports/processes.js';

/**
 * The real gateway. Without root every program runs in a user namespace of its own where it seems to be root: ostree
 * can't write a bare repository otherwise (platform.md 8b).
 */
export function testProcesses(): Processes {
  const real = new NodeProcesses();
  const isRoot = process.getuid?.() === 0;
  return {
    run: async (request) =>
      real.run(
        isRoot
          ? request
          : { ...request, file: 'unshare', arguments: ['--map-root-user', '--', request.file, ...request.arguments] },
      ),
  };
}

/** Changes what is run. */
export function changedProcesses(inner: Processes, change: (request: ProcessRequest) => ProcessRequest): Processes {
  return { run: async (request) => inner.run(change(request)) };
}

/**
 * Kills `ostree VERB …` with SIGKILL at the nth call of a system call, by the real kernel through strace.
 * @param verb the first words of its arguments.
 */
export function killingProcesses(
  inner: Processes,
  verb: readonly string[],
  point: { readonly systemCall: string; readonly when: number },
): Processes {
  return changedProcesses(inner, (request) => {
    const isMeant = request.file === 'ostree' && verb.every((word, index) => request.arguments[index] === word);
    if (!isMeant) return request;
    const inject = `inject=${point.systemCall}:signal=KILL:when=${point.when}`;
    return {
      ...request,
      file: 'strace',
      arguments: [
        '-f',
        '-qq',
        '-o',
        '/dev/null',
        '-e',
        `trace=${point.systemCall}`,
        '-e',
        inject,
        '--',
        'ostree',
        ...request.arguments,
      ],
    };
  });
}
