'use strict';

/**
 * The programs that `npm run build` makes: one bundle a program, its native addons beside it.
 * `device` ones ship; the others are for development and never on a device.
 */
exports.programs = [
  { name: 'sotad', entry: 'src/programs/sotad/main.ts', device: true },
  { name: 'sotactl', entry: 'src/programs/sotactl/main.ts', device: true },
  { name: 'sotad-development-backend', entry: 'src/development/backend/main.ts', device: false },
  { name: 'sotad-boot-loader', entry: 'src/development/boot-loader/main.ts', device: false },
  { name: 'sotad-demo', entry: 'src/development/demo/main.ts', device: false },
  { name: 'sotad-bench', entry: 'bench/main.ts', device: false },
  { name: 'sotad-killed-at-journal-write', entry: 'test/support/killed-at-journal-write/main.ts', device: false },
];
