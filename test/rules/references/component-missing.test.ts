import assert from 'node:assert/strict';
import rule from '../../../rules/references/component-missing';
import { check } from '../../fixture';

const synapse = `#- /synapse.yaml
apiVersion: v1
kind: Pod
metadata: {name: synapse, namespace: matrix}
spec: {containers: [{name: synapse, image: "matrixdotorg/synapse:v1.139.2"}]}
`;
const settings =
  '#- /matrix-preflight.yaml\ncomponents: {workers: off, keyVault: off, livekit: off, li: off, antivirus: off, element: auto}\n';

describe('component-missing', () => {
  it('tells all of them once, in a Matrix deployment only', () => {
    assert.deepEqual(messages(synapse), [
      'The tree has no Synapse worker, key_vault, LiveKit, LI instance of Synapse, content scanner with ClamAV, Element Web and TURN server, which the checklist asks for — add them, or set workers, keyVault, livekit, li, antivirus, element and coturn to off under components.',
    ]);
    assert.deepEqual(messages(synapse.replace('matrixdotorg/synapse', 'redis').replaceAll('synapse', 'cache')), []);
  });

  it('leaves out what the settings leave out, and accepts charts, other programs and broken documents', () => {
    assert.deepEqual(messages(synapse + settings), [
      'The tree has no TURN server, which the checklist asks for — add it, or set components.coturn: off.',
    ]);
    assert.deepEqual(
      messages(`${synapse}${settings}#- /install.sh\nhelm install stunner stunner/stunner -n turn\n`),
      [],
    );
    assert.deepEqual(
      messages(
        `${synapse}${settings}#- /turn.yaml\n${synapse.slice(synapse.indexOf('api')).replaceAll('synapse', 'eturnal')}`,
      ),
      [],
    );
    assert.deepEqual(messages(`${synapse}${settings}#- /turn.yaml\nkind: Deployment\nmetadata: {name: coturn\n`), []);
  });
});

function messages(source: string): readonly string[] {
  return check(source, [rule]).findings.map(({ problem }) => problem.message);
}
