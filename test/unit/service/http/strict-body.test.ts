import { Type } from 'class-transformer';
import { IsArray, IsInt, IsString, Matches, Min, ValidateIf, ValidateNested } from 'class-validator';
import { describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../../src/base/errors/app-error.js';
import { quickCheckOf } from '../../../../src/service/http/field-rules.js';
import { StrictBody } from '../../../../src/service/http/strict-body.pipe.js';

const present = ValidateIf((_, value: unknown) => value !== undefined);

class Base {
  count?: number;
}
present(Base.prototype, 'count');
IsInt()(Base.prototype, 'count');
Min(1, { message: 'must be at least 1' })(Base.prototype, 'count');

class Body extends Base {
  text!: string;
  list?: unknown[];
}
IsString({ message: 'must be a string' })(Body.prototype, 'text');
Matches(/^a/, { message: 'must begin with a' })(Body.prototype, 'text');
present(Body.prototype, 'list');
IsArray({ message: 'must be an array' })(Body.prototype, 'list');

const body = new StrictBody(Body);

function errorsOf(sent: unknown): Record<string, string> {
  try {
    body.transform(sent);
  } catch (error) {
    if (error instanceof AppError) {
      return Object.fromEntries((error.errors ?? []).map(({ field, message }) => [field, message]));
    }
    throw error;
  }
  return {};
}

describe('a strict body', () => {
  it('is an instance of its DTO, with what was sent', () => {
    const sent = { text: 'abc', count: 2, list: ['x', { deep: [] }, null] };
    const instance = body.transform(sent);
    expect(instance).toBeInstanceOf(Body);
    expect(instance).toMatchObject({ text: 'abc', count: 2, list: ['x', null, null] });
  });

  it('names every field that is wrong, inherited ones included', () => {
    expect(errorsOf({ text: 'b', count: 0, list: {} })).toEqual({
      text: 'text must begin with a',
      count: 'count must be at least 1',
      list: 'list must be an array',
    });
    expect(errorsOf({})).toEqual({ text: 'text must be a string' });
    expect(errorsOf({ text: 'a', count: null })).toHaveProperty('count');
  });

  it('knows its fields by own name alone', () => {
    expect(Object.keys(errorsOf(JSON.parse('{"text":"a","__proto__":{"count":0},"constructor":1}')))).toEqual(
      ['__proto__', 'constructor'],
    );
  });

  const unknown = (count: number): Record<string, number> =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`x${i}`, i]));

  function refusalOf(sent: unknown): { readonly detail: string; readonly fields: readonly string[] } {
    try {
      body.transform(sent);
    } catch (error) {
      if (error instanceof AppError)
        return { detail: error.message, fields: (error.errors ?? []).map(({ field }) => field) };
      throw error;
    }
    throw new Error('It was accepted.');
  }

  it('lists ten errors at most, and says when there are more', () => {
    const ten = refusalOf({ ...unknown(10), text: 'a' });
    expect(ten.fields).toEqual(Object.keys(unknown(10)));
    expect(ten.detail).not.toMatch(/more errors/);
    for (const more of [{ ...unknown(11), text: 'a' }, { ...unknown(10), text: 'b' }, unknown(80_000)]) {
      const refusal = refusalOf(more);
      expect(refusal.fields).toEqual(Object.keys(unknown(10)));
      expect(refusal.detail).toMatch(/\. There are more errors, which are not listed\.$/);
    }
  });

  it('looks at nothing more once there are that many errors', () => {
    const text = vi.fn(() => 'a');
    refusalOf(Object.defineProperty(unknown(11), 'text', { enumerable: true, get: text }));
    expect(text).not.toHaveBeenCalled();
  });

  it.each([[null], [[]], ['text'], [3], [undefined]])('is not %j', (sent) => {
    expect(errorsOf(sent)).toEqual({ body: 'body must be a JSON object' });
  });
});

describe('the quick check', () => {
  it('says of each instance what class-validator says', () => {
    const check = quickCheckOf(Body);
    const values = [undefined, null, 0, 1, 1.5, '', 'a', 'b', [], {}, true];
    for (const text of values) {
      for (const count of values) {
        const instance = Object.assign(new Body(), { text, count });
        const sound =
          typeof text === 'string' && text.startsWith('a') && (count === undefined || count === 1);
        expect([text, count, check(instance)]).toEqual([text, count, sound]);
      }
    }
  });

  it('leaves rules that it does not know to class-validator', () => {
    class Part {
      name!: string;
    }
    IsString()(Part.prototype, 'name');
    class Whole {
      part!: Part;
    }
    ValidateNested()(Whole.prototype, 'part');
    Type(() => Part)(Whole.prototype, 'part');
    expect(
      quickCheckOf(Whole)(Object.assign(new Whole(), { part: Object.assign(new Part(), { name: 'a' }) })),
    ).toBe(false);
    class Guarded {
      value!: number;
    }
    const when = vi.fn(() => false);
    IsInt({ validateIf: when })(Guarded.prototype, 'value');
    expect(quickCheckOf(Guarded)(Object.assign(new Guarded(), { value: 1 }))).toBe(false);
    class Each {
      values!: number[];
    }
    IsInt({ each: true })(Each.prototype, 'values');
    expect(quickCheckOf(Each)(Object.assign(new Each(), { values: ['x'] }))).toBe(false);
  });
});
