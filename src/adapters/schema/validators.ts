/** Checks of what comes from outside: `validate<Name>(value)` says where and why a value is refused (design rule 7). */
import { validatorOf } from './compiled-validator.js';
import { validate as actionReply } from './generated/action-reply.js';
import { validate as controlError } from './generated/control-error.js';
import { validate as historyReply } from './generated/history-reply.js';
import { validate as keptConfiguration } from './generated/kept-configuration.js';
import { validate as statusDocument } from './generated/status-document.js';

export const validateActionReply = validatorOf('actionReply', actionReply);
export const validateControlError = validatorOf('controlError', controlError);
export const validateHistoryReply = validatorOf('historyReply', historyReply);
export const validateKeptConfiguration = validatorOf('keptConfiguration', keptConfiguration);
export const validateStatusDocument = validatorOf('statusDocument', statusDocument);
