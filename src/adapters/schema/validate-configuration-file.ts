import { validatorOf } from './compiled-validator.js';
import { validate } from './generated/configuration-file.js';

/** In a file of its own: it is large, and the daemon judges its files key by key instead. */
export const validateConfigurationFile = validatorOf('configurationFile', validate);
