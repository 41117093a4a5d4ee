import type { Type } from '@nestjs/common';
import { getMetadataStorage, ValidationTypes } from 'class-validator';

type Condition = (instance: object, value: unknown) => boolean;
type Check = (instance: object, value: unknown) => boolean;
type Storage = ReturnType<typeof getMetadataStorage>;
type Rule = ReturnType<Storage['getTargetValidationMetadatas']>[number];

/** All rules of a DTO, including the rules of its base classes. */
export function rulesOf(dto: Type<object>): Rule[] {
  return getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
}

/**
 * The checks of a rule; null for rules that need more than the single value (each, conditions, groups), which only
 * class-validator can apply.
 */
function checksOf(rule: Rule): Check[] | null {
  const { type, each, validateIf, constraintCls, constraints, propertyName } = rule;
  // `groups` is undefined for a rule with its own message, although its type excludes that.
  const groups = rule.groups as readonly string[] | undefined;
  const isPlain = !each && validateIf === undefined && (groups ?? []).length === 0;
  if (type !== ValidationTypes.CUSTOM_VALIDATION || !isPlain) return null;
  return getMetadataStorage()
    .getTargetValidatorConstraints(constraintCls)
    .map(({ instance: validator }): Check => {
      const known = { targetName: '', property: propertyName, constraints: constraints as unknown[] };
      return (object, value) => validator.validate(value, { ...known, object, value }) === true;
    });
}

/**
 * Returns a function that checks quickly whether an instance of a DTO obeys all of its class-validator rules. The rules
 * are looked up once here, because looking them up for each object takes ten times as long as applying them. True is
 * never returned for an instance that class-validator would refuse. False means that class-validator must decide, which
 * also finds the messages.
 */
export function quickCheckOf(dto: Type<object>): (instance: object) => boolean {
  const fields = new Map<string, { conditions: Condition[]; checks: Check[] }>();
  for (const rule of rulesOf(dto)) {
    const field = fields.get(rule.propertyName) ?? { conditions: [], checks: [] };
    fields.set(rule.propertyName, field);
    if (rule.type === ValidationTypes.CONDITIONAL_VALIDATION) {
      field.conditions.push(...(rule.constraints as [Condition]));
      continue;
    }
    const checks = checksOf(rule);
    if (checks === null) return () => false;
    field.checks.push(...checks);
  }
  const all = [...fields].map(([name, rules]) => ({ name, ...rules }));
  return (instance) =>
    all.every(({ name, conditions, checks }) => {
      const value = (instance as Record<string, unknown>)[name];
      const applies = conditions.every((condition) => condition(instance, value));
      return !applies || checks.every((check) => check(instance, value));
    });
}
