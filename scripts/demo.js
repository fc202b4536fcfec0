'use strict';

const { runInNamespace } = require('./enter-namespace.js');

runInNamespace('demo', 'sotad-demo');
