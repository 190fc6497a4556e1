import { nearest } from '../../analysis/nearest';
import { settingsFileName } from '../../analysis/settings';
import { listed } from '../../analysis/wording';
import { checklistSteps, proposedSteps } from '../../checklist/steps';
import { renameKey, replaceScalar } from '../../manifests/edit';
import type { TextEdit } from '../../manifests/span';
import { ownEntry } from '../../manifests/table';
import type { Value } from '../../manifests/value';
import { ruleIds } from '../ids';
import type { Problem, Rule } from '../rule';
import { type Shape, settingsShape } from './shape';

export default {
  id: 'settings-invalid',
  items: [],
  severity: 'error',
  summary: 'The settings of the tree hold something that is not understood.',
  why: 'A setting that is not understood has no effect: a part that was switched off is still required, and a rule that was switched off still reports.',
  remedy:
    'Correct the key or the value. Editors with YAML support complete `matrix-preflight.yaml` from the schema that comes with the extension.',
  traps: [
    'A bare `off` is the boolean false in YAML 1.1; both are understood.',
    'A key without a value says nothing and is accepted, so that a half-written file is not full of errors.',
    'Unknown keys and unknown rules are warnings, because a newer version may know them.',
    'A rule that is switched off without a reason is a warning: whoever reads the file next cannot tell whether the reason still holds.',
    'A step of a plan that a person carries out (Helm, kustomize) has to name what to wait for, else a run could not tell when it is done.',
  ],
  examples: {
    bad: `
      #- /matrix-preflight.yaml
      components:
        keyvault: off
      # ^^^^^^^^ 💡 warning: keyvault is no setting — did you mean keyVault?
        livekit: requird
      #          ^^^^^^^ 💡 error: livekit is requird, but can be required, auto or off
      rules:
        pg-cron-sixfields: warning
      # ^^^^^^^^^^^^^^^^^ 💡 warning: There is no rule pg-cron-sixfields — did you mean pg-cron-six-fields?
    `,
    good: `
      #- /matrix-preflight.yaml
      components:
        keyVault: off
        livekit: required
      rules:
        pg-cron-six-fields: warning
    `,
  },
  *checkDocument(document) {
    if (document.file.path !== settingsFileName || document.problems.length > 0) return;
    const { root } = document;
    if (document.index > 0) {
      if (root.exists && !root.isNull)
        yield {
          at: root.kind === 'mapping' ? root.key : root,
          severity: 'warning',
          message: 'Only the first document of the settings is read, so this has no effect — move it up.',
        };
      return;
    }
    yield* problems(root, settingsShape(ruleIds), 'the file');
    yield* withoutReason(root.at('rules'));
    yield* planProblems(root.at('plan'));
  },
} satisfies Rule;

function* problems(value: Value, shape: Shape, name: string): Iterable<Problem> {
  if (!value.exists || value.isNull || value.kind === 'missing') return;
  if (shape.anyOf) {
    const fitting = shape.anyOf.find(one => (one.type === 'object') === (value.kind === 'mapping')) ?? shape.anyOf[0];
    if (fitting) yield* problems(value, fitting, name);
    return;
  }
  if (shape.enum) {
    yield* outside(value, shape.enum, name);
    return;
  }
  const wanted = typeof shape.type === 'string' ? [shape.type] : (shape.type ?? []);
  if (wanted.length > 0 && !wanted.some(type => isOf(value, type))) {
    yield {
      at: value.kind === 'scalar' ? value : value.key,
      message: `${subject(name)} ${is(value)}, but has to be ${wanted.map(type => nouns[type]).join(' or ')} — correct it.`,
    };
    return;
  }
  if (shape.exclusiveMinimum !== undefined && (value.number ?? 1) <= shape.exclusiveMinimum)
    yield {
      at: value,
      message: `${name} is ${value.text}, but has to be above ${shape.exclusiveMinimum} — correct it.`,
    };
  if (shape.pattern !== undefined && !new RegExp(shape.pattern).test(value.text ?? ''))
    yield {
      at: value,
      message: `${name} is ${value.text}, which is no version such as ${shape.default} — correct it.`,
    };
  for (const item of value.items()) yield* problems(item, shape.items ?? {}, `an item of ${name}`);
  if (value.kind === 'mapping') yield* entries(value, shape, name);
}

function* entries(value: Value, shape: Shape, name: string): Iterable<Problem> {
  for (const [key, entry] of value.entries()) {
    const known = ownEntry(shape.properties, key);
    if (known) yield* problems(entry, known, key);
    else if (shape.additionalProperties === false)
      yield unknownKey(entry, key, Object.keys(shape.properties ?? {}), 'is no setting');
    else if (shape.propertyNames && !shape.propertyNames.enum.includes(key))
      yield unknownKey(entry, key, shape.propertyNames.enum, undefined);
    else if (shape.additionalProperties) yield* problems(entry, shape.additionalProperties, key);
  }
  for (const key of shape.required ?? []) {
    if (!value.at(key).exists || value.at(key).isNull)
      yield { at: value.key, message: `${subject(name)} has no ${key}, so it has no effect — add it.` };
  }
}

function unknownKey(entry: Value, key: string, known: readonly string[], fault: string | undefined): Problem {
  const close = known.find(one => one.toLowerCase() === key.toLowerCase()) ?? nearest(key, known);
  const isTaken = close !== undefined && entry.parent?.at(close).exists === true;
  return {
    at: entry.key,
    severity: 'warning',
    message: `${fault ? `${key} ${fault}` : `There is no rule ${key}`} — ${close ? `did you mean ${close}?` : 'delete it, or correct it.'}`,
    fixes: () => (close && !isTaken ? fix(`Write ${close}`, renameKey(entry, close)) : []),
  };
}

function* outside(value: Value, allowed: readonly (string | false)[], name: string): Iterable<Problem> {
  if (value.kind === 'scalar' && allowed.some(one => one === (value.boolean === false ? false : value.text))) return;
  const words = allowed.filter(one => typeof one === 'string');
  const close = value.text === undefined ? undefined : nearest(value.text, words);
  yield {
    at: value.kind === 'scalar' ? value : value.key,
    message: `${subject(name)} ${is(value)}, but can be ${listed(words, 'or')} — ${close ? `did you mean ${close}?` : 'choose one.'}`,
    fixes: () => (close ? fix(`Write ${close}`, replaceScalar(value, close)) : []),
  };
}

function* withoutReason(rules: Value): Iterable<Problem> {
  for (const [id, setting] of rules.entries()) {
    const severity = setting.kind === 'mapping' ? setting.at('severity') : setting;
    if (severity.boolean !== false && severity.text !== 'off') continue;
    if (setting.at('reason').string?.trim()) continue;
    yield {
      at: severity,
      severity: 'warning',
      message: `${id} is switched off without a reason — write {severity: off, reason: …}.`,
    };
  }
}

/** What of a plan is well formed and yet cannot be meant. */
function* planProblems(plan: Value): Iterable<Problem> {
  const usual = [...proposedSteps, ...checklistSteps].map(({ id }) => id);
  const own = plan.at('own').items();
  const ids = [...usual, ...own.flatMap(step => step.at('id').string ?? [])];
  for (const [index, step] of own.entries()) {
    const id = step.at('id');
    const isTaken =
      usual.includes(id.string ?? '') || own.slice(0, index).some(one => one.at('id').string === id.string);
    if (id.string !== undefined && isTaken)
      yield { at: id, message: `There is a step ${id.string} already, so this one has no effect — choose another id.` };
    const ways = ['apply', 'helm', 'kustomize'].filter(way => step.at(way).exists);
    if (id.string !== undefined && ways.length !== 1)
      yield {
        at: id,
        message: `The step ${id.string} has ${ways.length === 0 ? 'nothing to do' : listed(ways)} — give it one of apply, helm and kustomize.`,
      };
    else if (ways[0] !== undefined && ways[0] !== 'apply' && step.at('waits').items().length === 0)
      yield {
        at: step.at(ways[0]).key,
        message: `Nobody can tell when the step ${id.string} is done — name what to wait for under waits.`,
      };
  }
  for (const step of [
    ...own,
    ...plan
      .at('steps')
      .entries()
      .map(([, value]) => value),
  ])
    for (const named of [...step.at('after').items(), step.at('before')])
      if (named.exists && named.string !== undefined && !ids.includes(named.string)) {
        const close = nearest(named.string, ids);
        yield {
          at: named,
          message: `There is no step ${named.string} — ${close ? `did you mean ${close}?` : 'delete it, or correct it.'}`,
          fixes: () => (close ? fix(`Write ${close}`, replaceScalar(named, close)) : []),
        };
      }
}

function fix(title: string, edit: TextEdit | undefined) {
  return edit ? [{ title, safe: false, edits: [edit] }] : [];
}

function isOf(value: Value, type: 'object' | 'array' | 'string' | 'number'): boolean {
  if (type === 'object') return value.kind === 'mapping';
  if (type === 'array') return value.kind === 'sequence';
  return type === 'string' ? value.string !== undefined : value.number !== undefined;
}

const nouns = { object: 'a mapping', array: 'a list', string: 'a text', number: 'a number' } as const;

function is(value: Value): string {
  return value.kind === 'scalar'
    ? `is ${value.text ?? 'empty'}`
    : `is a ${value.kind === 'sequence' ? 'list' : 'mapping'}`;
}

function subject(name: string): string {
  return name.startsWith('an ') || name.startsWith('the ') ? `${name[0]?.toUpperCase()}${name.slice(1)}` : name;
}
