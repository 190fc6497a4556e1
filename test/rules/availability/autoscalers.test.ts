import assert from 'node:assert/strict';
import hpaOnNamedWorkers from '../../../rules/availability/hpa-on-named-workers';
import hpaTargetMissing from '../../../rules/availability/hpa-target-missing';
import { readFixture } from '../../fixture';
import { expectMarks, fixTitles, messages } from '../expect';

const scaler = (kind: string, name: string): string => `---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: s, namespace: matrix }
spec:
  scaleTargetRef: { kind: ${kind}, name: ${name} }
  maxReplicas: 3
`;
const object = (kind: string, name: string, namespace = 'matrix'): string =>
  `---\napiVersion: apps/v1\nkind: ${kind}\nmetadata: { name: ${name}, namespace: ${namespace} }\n`;

describe('hpa-target-missing', () => {
  it('accepts targets of other kinds, provided ones and those that cannot be read', () => {
    expectMarks(hpaTargetMissing, scaler('Rollout', 'app'));
    expectMarks(
      hpaTargetMissing,
      `#- /a.yaml\n${scaler('Deployment', 'app')}#- /matrix-preflight.yaml\nprovided: [{ kind: Deployment, name: app }]\n`,
    );
    expectMarks(
      hpaTargetMissing,
      `${scaler('Deployment', 'app')}---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app\nspec: [\n`,
    );
    expectMarks(
      hpaTargetMissing,
      `#- /a.yaml\n${scaler('Deployment', 'app')}#- /i.sh\nhelm install app repo/app -n matrix\n`,
    );
  });

  it('looks in the namespace of the autoscaler, and suggests the nearest name', () => {
    assert.equal(
      messages(hpaTargetMissing, scaler('Deployment', 'app') + object('Deployment', 'app', 'other')).length,
      1,
    );
    assert.deepEqual(fixTitles(hpaTargetMissing, scaler('Deployment', 'worker') + object('Deployment', 'workers')), [
      'Scale workers',
    ]);
  });

  it('is safe to mend where the name has one other kind', () => {
    assert.deepEqual(fixTitles(hpaTargetMissing, scaler('Deployment', 'app') + object('StatefulSet', 'app')), [
      'safe: Scale the StatefulSet',
    ]);
    assert.deepEqual(
      fixTitles(
        hpaTargetMissing,
        scaler('Deployment', 'app') + object('StatefulSet', 'app') + object('ReplicaSet', 'app'),
      ),
      ['Scale the StatefulSet'],
    );
  });
});

describe('hpa-on-named-workers', () => {
  const [[, bad] = []] = readFixture(hpaOnNamedWorkers.examples.bad).files;
  const source = bad ?? '';

  it('accepts workers that nothing names, and equal bounds', () => {
    expectMarks(hpaOnNamedWorkers, source.replace('[persister-0, persister-1]', '[other-0]'));
    expectMarks(hpaOnNamedWorkers, source.replace('minReplicas: 2', 'minReplicas: 4'));
    assert.equal(messages(hpaOnNamedWorkers, source).length, 1);
  });

  it('is an error for the main process', () => {
    const main = source.replace('synapse.app.generic_worker', 'synapse.app.homeserver');
    assert.match(
      messages(hpaOnNamedWorkers, main).join(),
      /^error: .* the main process of Synapse, of which there may be only one/,
    );
  });

  it('sees federation senders as well', () => {
    const senders = source.replace(/stream_writers:\n\s+events: /, 'federation_sender_instances: ');
    assert.match(
      messages(hpaOnNamedWorkers, senders).join(),
      /whose pods federation_sender_instances names one by one/,
    );
  });

  it('wants the background jobs of scaled media workers to be given to one', () => {
    const media = source
      .replaceAll('persister', 'media')
      .replace(/stream_writers:\n\s+events: \[media-0, media-1\]/, 'enable_media_repo: true');
    assert.match(messages(hpaOnNamedWorkers, media).join(), /without media_instance_running_background_jobs/);
    expectMarks(
      hpaOnNamedWorkers,
      media.replace('enable_media_repo: true', 'media_instance_running_background_jobs: media-0'),
    );
  });
});
