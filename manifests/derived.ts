import { computed, setActiveSub } from 'alien-signals';
import type { Resource } from './resource';
import { sameOr } from './same';

/**
 * A pure function of what it reads, computed once until some of that has changed. `keep` gives the previous answer for a
 * new one that says the same.
 */
export function cached<T>(compute: () => T, keep: (previous: T | undefined, next: T) => T = sameOr): () => T {
  return remembered(previous => keep(previous, compute()));
}

/** The same of a function that is given its previous answer. */
export function remembered<T>(compute: (previous: T | undefined) => T): () => T {
  if (!isSettled) return computed<T>(compute);
  let answer: { readonly value: T } | undefined;
  return () => {
    answer ??= { value: compute(undefined) };
    return answer.value;
  };
}

/**
 * Computes something of manifests that nobody edits any more. What reads what is not recorded, which takes time and
 * memory; so what has been computed meanwhile is kept for good, and an edit afterwards would go unnoticed.
 */
export function settled<T>(compute: () => T): T {
  const before = isSettled;
  isSettled = true;
  try {
    return compute();
  } finally {
    isSettled = before;
  }
}

let isSettled = false;

/** Computes something without recording what it reads. */
export function untracked<T>(compute: () => T): T {
  const reader = setActiveSub(undefined);
  try {
    return compute();
  } finally {
    setActiveSub(reader);
  }
}

/**
 * A pure function of one thing, computed once until something that it read has changed, and giving the same object again
 * if the answer says the same.
 */
export function perObject<S extends object, T>(compute: (subject: S) => T): (subject: S) => T {
  const known = new WeakMap<S, () => T>();
  return subject => {
    let value = known.get(subject);
    if (!value) {
      value = cached(() => compute(subject));
      known.set(subject, value);
    }
    return value();
  };
}

/** The same of what stands under a name in a thing: a change costs the names that it touches. */
export function perName<S extends object, T>(
  compute: (subject: S, name: string) => T,
): (subject: S, name: string) => T {
  const namesOf = new WeakMap<S, Map<string, () => T>>();
  return (subject, name) => {
    let names = namesOf.get(subject);
    if (!names) {
      names = new Map();
      namesOf.set(subject, names);
    }
    let value = names.get(name);
    if (!value) {
      value = cached(() => compute(subject, name));
      names.set(name, value);
    }
    return value();
  };
}

/** The same of resources. */
export function perResource<T>(compute: (resource: Resource) => T): (resource: Resource) => T {
  return perObject(compute);
}

/**
 * A pure function of a text whose last answers are remembered: one configuration is often asked about by every workload
 * that mounts it, and by several rules for each.
 */
export function ofText<T>(compute: (text: string) => T): (text: string) => T {
  const answers = new Map<string, T>();
  return text => {
    const known = answers.get(text);
    if (known !== undefined) return known;
    const answer = compute(text);
    if (answers.size >= rememberedAnswers) answers.delete(answers.keys().next().value ?? '');
    answers.set(text, answer);
    return answer;
  };
}

/** Enough for the configurations that the workloads of one deployment share; each holds on to its text. */
const rememberedAnswers = 64;
