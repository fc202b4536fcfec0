import { SotaError } from '../../domain/errors/sota-error.js';

/**
 * A URL that may be asked for.
 * @throws SotaError CONFIGURATION_INVALID when it is none, has a user name, or another protocol than allowed.
 */
export function allowedUrl(text: string, allowHttp: boolean): URL {
  if (!URL.canParse(text))
    throw new SotaError('CONFIGURATION_INVALID', { message: `not a URL: ${text.slice(0, 200)}` });
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    throw new SotaError('CONFIGURATION_INVALID', {
      message: `${url.host}: a URL must not hold a user name or password`,
    });
  }
  if (!isAllowedProtocol(url, allowHttp)) {
    throw new SotaError('CONFIGURATION_INVALID', {
      message: `${url.protocol}//${url.host}: only ${allowHttp ? 'http and https are' : 'https is'} allowed`,
    });
  }
  return url;
}

/**
 * Where a redirect leads.
 * @throws SotaError HTTP_BAD_REPLY when it leads to another protocol: `file:`, or from https down to http.
 */
export function redirectTarget(from: URL, location: string, allowHttp: boolean): URL {
  const target = URL.canParse(location, from.href) ? new URL(location, from) : null;
  const downgrade = from.protocol === 'https:' && target?.protocol !== 'https:';
  if (target === null || downgrade || !isAllowedProtocol(target, allowHttp)) {
    throw new SotaError('HTTP_BAD_REPLY', {
      message: `${from.host}: redirects to what is not allowed: ${location.slice(0, 200)}`,
    });
  }
  target.username = '';
  target.password = '';
  return target;
}

function isAllowedProtocol(url: URL, allowHttp: boolean): boolean {
  return url.protocol === 'https:' || (allowHttp && url.protocol === 'http:');
}
