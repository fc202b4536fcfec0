import { failure, success, type Result } from '../../domain/result.js';
import type { Shape } from '../../domain/json/shape.js';
import type { shapes } from './shapes.js';

/** What `scripts/generate-validators.js` makes of a shape. */
export interface CompiledValidator {
  (value: unknown): boolean;
  readonly errors?: readonly { readonly instancePath: string; readonly message?: string }[] | null;
}

/** What is wrong with a value: where, and what. */
export interface ShapeFailure {
  /** Such as `device.id` or `entries.3.time`; empty for the whole value. */
  readonly field: string;
  readonly reason: string;
}

export type Validator<Value> = (value: unknown) => Result<Value, ShapeFailure>;

export type ShapeName = keyof typeof shapes;
type ValueOf<Name extends ShapeName> = (typeof shapes)[Name] extends Shape<infer Value> ? Value : never;

/**
 * The typed wrapper of a compiled validator. The name only gives the type: both were made from the same shape, which a
 * test checks.
 */
export function validatorOf<Name extends ShapeName>(
  _name: Name,
  validate: CompiledValidator,
): Validator<ValueOf<Name>> {
  return (value) => (validate(value) ? success(value as ValueOf<Name>) : failure(firstFailure(validate)));
}

function firstFailure({ errors }: CompiledValidator): ShapeFailure {
  const first = errors?.[0];
  return {
    field: (first?.instancePath ?? '').slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~'),
    reason: first?.message ?? 'has another shape',
  };
}
