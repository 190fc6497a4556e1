import type { Value } from '../../manifests/value';
import { isUnfinished, type Refusal } from './refusal';

/**
 * What is wrong with the expressions of a selector of labels, or of a term that selects nodes, which knows some operators
 * more: `Exists` asks for no value, `In` for some, and `Gt` for one (Kubernetes API reference, LabelSelectorRequirement
 * and NodeSelectorRequirement). Operators are spelt exactly so.
 */
export function* refusedSelector(selector: Value, more: readonly string[] = []): Iterable<Refusal> {
  for (const requirement of selector.at('matchExpressions').items()) {
    const [operator, values] = [requirement.at('operator'), requirement.at('values')];
    const count = values.items().length;
    const name = operator.string ?? '';
    const known = [...operators, ...more];
    if (name === 'Exists' || name === 'DoesNotExist') {
      if (count > 0) yield { at: values, what: `The operator ${name} takes no values`, advice: 'remove them' };
    } else if (name === 'In' || name === 'NotIn') {
      if (count === 0) yield { at: operator, what: `The operator ${name} needs values`, advice: 'list them' };
    } else if (known.includes(name)) {
      if (count !== 1)
        yield { at: operator, what: `The operator ${name} takes one value`, advice: 'name one number under values' };
    } else if (name !== '' && !isUnfinished(name)) {
      const instead = known.find(one => one.toLowerCase() === name.toLowerCase());
      yield {
        at: operator,
        what: `Kubernetes knows no operator ${name}`,
        advice: `write ${instead ?? `${known.slice(0, -1).join(', ')} or ${known.at(-1)}`}`,
        ...(instead !== undefined && { instead }),
      };
    }
  }
}

const operators: readonly string[] = ['In', 'NotIn', 'Exists', 'DoesNotExist'];
