import { Injectable, type PipeTransform, type Type } from '@nestjs/common';
import { validateSync, type ValidationError } from 'class-validator';
import { AppError, badField, type FieldError, fieldError } from '../../base/errors/app-error.js';
import { quickCheckOf, rulesOf } from './field-rules.js';

/**
 * Most errors in one answer, after which nothing more is checked: a longer list does not help the client, and a body
 * with a million keys would make an answer larger than itself.
 */
const MAX_ERRORS = 10;
const MAX_NAME_LENGTH = 64;

const shorten = (name: string): string =>
  name.length <= MAX_NAME_LENGTH ? name : `${name.slice(0, MAX_NAME_LENGTH)}…`;

/** @param errors one more than MAX_ERRORS when there are more errors than that */
function invalid(errors: readonly FieldError[]): AppError {
  const shown = errors.slice(0, MAX_ERRORS);
  const detail = shown.map(({ message }) => message).join('; ');
  const more = errors.length > MAX_ERRORS ? ' There are more errors, which are not listed.' : '';
  return new AppError('INVALID_REQUEST', `${detail}.${more}`, { errors: shown });
}

const toFieldError = ({ property, constraints = {} }: ValidationError): FieldError =>
  fieldError(property, Object.values(constraints)[0] ?? 'is not valid');

/**
 * Converts the body to an instance of its DTO, or throws INVALID_REQUEST with the name of every invalid field.
 *
 * Bodies are flat: scalars and arrays of scalars are copied, and no code recurses into the input. Only own field names
 * match, so `__proto__` and `constructor` are unknown fields like any other. An item of an array that is not a scalar
 * becomes null, and the code that checks the items reports it.
 */
@Injectable()
export class StrictBody implements PipeTransform {
  private readonly fields: ReadonlySet<string>;
  private readonly isSound: (instance: object) => boolean;

  constructor(private readonly dto: Type<object>) {
    this.fields = new Set(rulesOf(dto).map((rule) => rule.propertyName));
    this.isSound = quickCheckOf(dto);
  }

  transform(body: unknown): object {
    const errors: FieldError[] = [];
    const instance = this.copy(body, errors);
    if (errors.length > MAX_ERRORS) throw invalid(errors);
    if (errors.length === 0 && this.isSound(instance)) return instance;
    const found = validateSync(instance, { stopAtFirstError: true, forbidUnknownValues: false });
    errors.push(...found.map(toFieldError));
    if (errors.length > 0) throw invalid(errors);
    return instance;
  }

  private copy(body: unknown, errors: FieldError[]): object {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      throw badField('body', 'must be a JSON object');
    }
    const instance = new this.dto() as Record<string, unknown>;
    for (const field in body) {
      if (errors.length > MAX_ERRORS) break;
      if (this.fields.has(field)) instance[field] = flattenValue((body as Record<string, unknown>)[field]);
      else errors.push(this.unknown(field));
    }
    return instance;
  }

  private unknown(field: string): FieldError {
    const allowed = [...this.fields].join(', ');
    return fieldError(shorten(field), `is not a known field (allowed: ${allowed})`);
  }
}

/** A nested object becomes null, which no rule of a flat body accepts. */
function flattenValue(value: unknown): unknown {
  if (typeof value !== 'object') return value;
  if (!Array.isArray(value)) return null;
  return value.map((item: unknown) => (typeof item === 'object' ? null : item));
}
