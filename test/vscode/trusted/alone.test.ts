import * as assert from 'node:assert/strict';
import { eventually } from '../editor';
import {
  formatted,
  hoversWith,
  offeredOnce,
  openManifests,
  openSettings,
  removeMarked,
  reported,
  wanted,
} from '../schemas';

describe('without other extensions for YAML', () => {
  afterEach(removeMarked);

  it('everything is offered, explained and reported here', async () => {
    const manifests = await openManifests();
    for (const [at, label] of wanted.manifests.entries()) await offeredOnce(manifests.uri, manifests.marks[at]!, label);
    await reported(manifests, 'replicaz', ['matrix-preflight']);
    await eventually('a field is explained', async () =>
      (await hoversWith(manifests, 'paused:', 'deployment is paused')) === 1 ? true : undefined,
    );
    assert.equal(await formatted(manifests.uri), undefined);
    const settings = await openSettings();
    for (const [at, label] of wanted.settings.entries()) await offeredOnce(settings.uri, settings.marks[at]!, label);
    await reported(settings, 'keyvault', ['matrix-preflight']);
  });
});
