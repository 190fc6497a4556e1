import rule from '../../../rules/postgresql/pg-recovery-unfit';
import { expectMarks } from '../expect';

const cluster = (name: string, ...lines: readonly string[]): string => `
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata: {name: ${name}, namespace: matrix}
      spec:
        ${lines.join('\n        ')}`;

const restored = (image: string, store: string): string =>
  cluster(
    'restored',
    `imageName: ${image}`,
    'bootstrap: {recovery: {source: origin}}',
    `externalClusters: [{name: origin, barmanObjectStore: ${store}}]`,
  );

const image = 'ghcr.io/cloudnative-pg/postgresql:16.4';
const main = cluster('main', `imageName: ${image}`, 'backup: {barmanObjectStore: {destinationPath: "s3://b/main"}}');

describe('pg-recovery-unfit', () => {
  it('compares the major versions', () => {
    const older = image.replace('16.4', '15.8');
    expectMarks(
      rule,
      main +
        restored(
          `${older}\n      #            ${'^'.repeat(older.length)} error: PostgreSQL 15 cannot read the files of Cluster main`,
          '{destinationPath: "s3://b/main/", serverName: main}',
        ),
    );
    expectMarks(
      rule,
      main + restored(image.replace('16.4', '16.6'), '{destinationPath: "s3://b/main/", serverName: main}'),
    );
  });

  it('says nothing of clusters and stores that the tree does not show', () => {
    expectMarks(rule, restored(image, '{destinationPath: "s3://b/main"}'));
    expectMarks(rule, main + restored(image, '{destinationPath: "s3://b/other"}'));
    expectMarks(rule, main + restored(image, '{destinationPath: "${PATH}", serverName: main}'));
    expectMarks(
      rule,
      main +
        cluster(
          'restored',
          'bootstrap: {recovery: {source: origin}}',
          'externalClusters: [{name: origin, plugin: {name: p}}]',
        ),
    );
    expectMarks(rule, main + cluster('restored', 'bootstrap: {recovery: {backup: {name: today}}}'));
  });
});
