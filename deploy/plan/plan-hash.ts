import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils';
import { canonical } from './canonical';
import type { Claims } from './claims';
import { objectReference, type PlannedStep } from './deploy-plan';
import type { Json } from './source';

/** What a plan is, in short: the same as long as the same objects are applied in the same order, whatever their Secrets hold. */
export function planHash(steps: readonly PlannedStep[], claims: Claims, namespace: string): string {
  const contents = new Map(
    [...claims.values()]
      .flat()
      .map(({ file, document }) => [`${file}:${document.line} ${document.kind} ${document.name}`, document]),
  );
  const described = steps.map(step => [
    step.id,
    step.resolution,
    step.paths,
    step.objects.map(object => {
      const document = contents.get(`${object.file}:${object.line} ${object.kind} ${object.name}`);
      return [
        objectReference(object),
        object.file,
        document === undefined ? '' : canonical(withoutSecrets(document.raw)),
        object.runOnce === true,
      ];
    }),
    step.waits.map(({ kind, namespace: where, name, timeoutSeconds }) => [kind, where, name, timeoutSeconds]),
    step.byHand ?? '',
  ]);
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify([2, namespace, described]))));
}

function withoutSecrets(raw: Json): Json {
  if (raw === null || typeof raw !== 'object' || Array.isArray(raw)) return raw;
  const object = raw as { readonly [key: string]: Json };
  if (object.kind !== 'Secret') return object;
  const keys = (value: Json | undefined): Json =>
    value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.keys(value).sort() : [];
  return { ...object, data: keys(object.data), stringData: keys(object.stringData) };
}
