'use strict';

const { runInNamespace } = require('./enter-namespace.js');

runInNamespace('bench', 'sotad-bench');
