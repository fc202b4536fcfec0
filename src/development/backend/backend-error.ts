// For development only: never part of what runs on a device.
/**
 * What a request is answered with when it can't be served: status, code in snake case, description
 * (the error body of all services of this family, backend.md 1.11).
 */
export class BackendError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    description: string,
    readonly details: unknown = null,
  ) {
    super(description);
    this.name = 'BackendError';
  }
}
