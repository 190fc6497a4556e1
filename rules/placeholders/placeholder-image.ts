import { isLeftOpen } from '../../analysis/examples';
import { isFilledIn } from '../../analysis/filled-in';
import { containersOf, workloadKinds } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import { findPlaceholders } from '../../analysis/text/placeholders';
import type { Rule } from '../rule';

export default {
  id: 'placeholder-image',
  items: ['2.3.a.1', '2.3.a.2', '2.3.a.3'],
  severity: 'error',
  summary: 'A container’s image is still a placeholder.',
  why: 'No registry has an image of this name, so the pod stays in `ImagePullBackOff`.',
  remedy: 'Name the image that you built or chose, with its tag.',
  traps: [
    'A variable such as `${TAG}` is no placeholder in a tree whose variables are filled in before it is applied, by Flux, by envsubst or by a pipeline, as `${CI_COMMIT_SHA}` says.',
  ],
  examples: {
    bad: `
      #- /app.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        containers:
          - name: app
            image: CHANGEME_KEY_VAULT_IMAGE:1.0 # from your registry
      #            ^^^^^^^^^^^^^^^^^^^^^^^^ error: The image of container app is still the placeholder CHANGEME_KEY_VAULT_IMAGE
    `,
    good: `
      #- /app.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        containers:
          - name: app
            image: registry.tessera.test/key-vault:1.0
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    if (isLeftOpen(workspace, resource.document.file)) return;
    for (const { name, value } of containersOf(resource)) {
      const image = value.at('image');
      const found = findPlaceholders(image.text ?? '', 'value')[0];
      if (!found || (found.class === 'env' && isFilledIn(workspace, found.text))) continue;
      yield {
        at: image.part(found.span.start, found.span.end),
        // The image of key_vault is what holds its application.
        items: familiesOf(resource).has('key_vault') ? ['2.3.a.1', '2.3.a.2', '2.3.a.3'] : [],
        message: `The image of container ${name} is still the placeholder ${found.text} — name the image to run.`,
      };
    }
  },
} satisfies Rule;
