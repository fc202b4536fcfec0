'use strict';

/** The import matrix of docs/architecture.md as rules: an edge that isn't in the picture fails `npm run lint`. */
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** npm and node: modules, as dependency-cruiser resolves them. */
const outside = '(^node_modules/|^node:)';

module.exports = {
  forbidden: [
    forbid('no-cycle', 'Imports run one way.', {}, { circular: true }),
    forbid('no-orphan-import', 'Every import must resolve.', {}, { couldNotResolve: true }),
    forbid(
      'domain-is-pure',
      'The domain imports nothing but itself.',
      { path: '^src/domain/' },
      { pathNot: '^src/domain/' },
    ),
    forbid('ports', 'Ports see domain types only.', { path: '^src/ports/' }, { pathNot: '^src/(domain|ports)/' }),
    forbid(
      'agent',
      'The agent sees domain and ports.',
      { path: '^src/agent/' },
      { pathNot: '^src/(domain|ports|agent)/' },
    ),
    forbid(
      'publisher',
      'The publisher sees domain and ports.',
      { path: '^src/publisher/' },
      { pathNot: '^src/(domain|ports|publisher)/' },
    ),
    forbid(
      'adapters-see-no-other-technology',
      'An adapter sees domain, ports, its own folder, npm, and the shared gateways exec, files and schema.',
      { path: '^src/adapters/([^/]+)/' },
      { path: '^src/', pathNot: ['^src/(domain|ports)/', '^src/adapters/$1/', '^src/adapters/(exec|files|schema)/'] },
    ),
    forbid(
      'programs-see-no-development',
      'What ships holds nothing of development.',
      { path: '^src/programs/' },
      { path: '^src/development/' },
    ),
    forbid(
      'development',
      'Development sees domain and ports; only wire.ts names adapters.',
      { path: '^src/development/', pathNot: 'wire\\.ts$' },
      { path: '^src/', pathNot: '^src/(domain|ports|development)/' },
    ),
    forbid(
      'development-wire',
      'The wire of development sees adapters, never programs.',
      { path: '^src/development/.*wire\\.ts$' },
      { path: '^src/programs/' },
    ),
    forbid(
      'agent-no-packages',
      'Agent and ports take the world in through interfaces.',
      { path: '^src/(agent|ports|domain)/' },
      { path: outside },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
