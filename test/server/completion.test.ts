import assert from 'node:assert/strict';
import type { CompletionItem, CompletionList } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { readFixture } from '../fixture';
import { type Client, startClient } from './client';

const secret = `apiVersion: v1
kind: Secret
metadata:
  name: synapse-secrets
  namespace: matrix
stringData:
  form-secret: hidden-value
  8080: hidden-value
`;

const pod = `apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: matrix
spec:
  containers:
    - name: web
      image: nginx:1
`;

/** What VS Code says of its completion lists. */
const vscode = {
  textDocument: {
    completion: {
      completionItem: {
        snippetSupport: true,
        labelDetailsSupport: true,
        documentationFormat: ['markdown', 'plaintext'],
        insertTextModeSupport: { valueSet: [1, 2] },
      },
    },
  },
};

describe('completion', () => {
  let editor: Client;
  let plain: Client;
  let version = 1;

  before(async () => {
    const files = new Map([
      ['secret.yaml', secret],
      ['pod.yaml', pod],
    ]);
    [editor, plain] = await Promise.all([
      startClient(files, {
        capabilities: vscode,
        initializationOptions: { client: { commands: ['editor.action.triggerSuggest'] } },
      }),
      startClient(files, { initializationOptions: { schemaHelp: 'off' } }),
    ]);
    await Promise.all([editor.ready(), plain.ready()]);
  });

  after(async () => {
    await Promise.all([editor?.stop(), plain?.stop()]);
  });

  /** Opens a text with a cursor and asks for completions there. */
  async function at(
    source: string,
    client = editor,
  ): Promise<{ text: string; items: readonly CompletionItem[]; uri: string }> {
    const { files, cursor } = readFixture(source);
    assert.ok(cursor);
    const text = files.get(cursor.path) ?? '';
    const path = `typed-${version++}${/\.\w+$/.exec(cursor.path)?.[0] ?? '.yaml'}`;
    const uri = client.uri(path);
    client.open(path, text);
    const position = TextDocument.create(uri, 'yaml', 1, text).positionAt(cursor.offset);
    const list: CompletionList | null = await client.connection.sendRequest('textDocument/completion', {
      textDocument: { uri },
      position,
    });
    if (list) assert.equal(list.isIncomplete, false);
    return { text, items: list?.items ?? [], uri };
  }

  /** The text after an item was chosen. */
  async function chosen(source: string, label: string, client = editor): Promise<string> {
    const { text, items, uri } = await at(source, client);
    const item = items.find(one => one.label === label);
    assert.ok(
      item?.textEdit && 'range' in item.textEdit,
      `${label} is not among ${items.map(one => one.label).join()}`,
    );
    return TextDocument.applyEdits(TextDocument.create(uri, 'yaml', 1, text), [item.textEdit]);
  }

  it('is announced with a resolver', () => {
    assert.equal(editor.initialized.capabilities.completionProvider?.resolveProvider, true);
    assert.ok(editor.initialized.capabilities.completionProvider?.triggerCharacters?.includes(' '));
  });

  it('replaces what is typed by the name, and says what it is without its values', async () => {
    const source = `${pod}      envFrom:\n        - secretRef:\n            name: syn$0x\n`;
    assert.match(await chosen(source, 'synapse-secrets'), /\n {12}name: synapse-secrets\n$/);
    const { items } = await at(source);
    assert.deepEqual(items[0]?.labelDetails, { description: '2 keys, secret.yaml' });
    assert.ok(!JSON.stringify(items).includes('hidden-value'));
  });

  it('quotes a text that would be read as a number, and no number', async () => {
    const key = `${pod}      env:\n        - name: A\n          valueFrom: {secretKeyRef: {name: synapse-secrets, key: $0}}\n`;
    assert.match(await chosen(key, '8080'), /key: "8080"\}\}/);
    const port = `${pod}      ports: [{containerPort: 8008}]\n      livenessProbe:\n        tcpSocket:\n          port: $0\n`;
    assert.match(await chosen(port, '8008'), /port: 8008\n$/);
    assert.match(await chosen(key.replace('$0}}', '"$0"}}'), 'form-secret'), /key: "form-secret"\}\}/);
  });

  it('writes fields with their colon and what stands below them, in the indentation of the place', async () => {
    assert.match(await chosen(`${pod}      live$0\n`, 'livenessProbe'), /\n {6}livenessProbe:\n {8}\n$/);
    assert.match(await chosen(`${pod}      ar$0\n`, 'args'), /\n {6}args:\n {8}- \n$/);
    assert.match(await chosen(`${pod}      imagePull$0\n`, 'imagePullPolicy'), /\n {6}imagePullPolicy: \n$/);
    assert.match(
      await chosen(`${pod}      imagePull$0: Always\n`, 'imagePullPolicy'),
      /\n {6}imagePullPolicy: Always\n$/,
    );
    assert.match(await chosen(`${pod}      volumeMounts:\n        $0\n`, '- name'), /\n {8}- name: \n$/);
    assert.match(await chosen(`${pod}      resources: {$0}\n`, 'limits'), /resources: \{limits: \}/);
    assert.match(await chosen(`${pod}      ar$0\n`.replaceAll('\n', '\r\n'), 'args'), /\r\n {6}args:\r\n {8}- \r\n/);
    const value = `apiVersion: v1\nkind: Pod\nmetadata:\n  namespace:$0`;
    assert.match(await chosen(value, 'default'), /\n {2}namespace: default\n$/);
  });

  it('uses snippets, label details and a second list only where the editor has them', async () => {
    const source = `${pod}      env:\n        - name: A\n          valueFrom:\n            secretKey$0\n`;
    assert.match(await chosen(source, 'secretKeyRef'), /\n {12}secretKeyRef:\n {14}name: \$1\n {14}key: \$2\n$/);
    const rich = (await at(`${pod}      imagePull$0\n`)).items.find(one => one.label === 'imagePullPolicy');
    assert.equal(rich?.command?.command, 'editor.action.triggerSuggest');
    const bare = (await at(`${pod}      envFrom: [{secretRef: {name: $0}}]\n`, plain)).items[0];
    assert.equal(bare?.detail, '2 keys, secret.yaml');
    assert.equal(bare?.labelDetails, undefined);
    assert.equal(bare?.insertTextFormat, undefined);
    assert.equal(bare?.command, undefined);
  });

  it('documents fields when asked, from a table that is read then', async () => {
    const { items } = await at(`${pod}      imagePull$0\n`);
    const item = items.find(one => one.label === 'imagePullPolicy');
    assert.ok(item && item.documentation === undefined);
    const resolved: CompletionItem = await editor.connection.sendRequest('completionItem/resolve', item);
    assert.deepEqual(resolved.documentation, { kind: 'markdown', value: 'Image pull policy.' });
  });

  it('leaves schemas to others when told so', async () => {
    assert.deepEqual((await at(`${pod}      $0\n`, plain)).items, []);
    assert.deepEqual((await at(`${pod}      imagePullPolicy: $0\n`, plain)).items, []);
  });

  it('puts rules with findings near a suppression first', async () => {
    const source = pod.replace('  namespace: matrix', '  # preflight-ignore: $0\n  namespce: matrix');
    const { items } = await at(source);
    assert.equal(items[0]?.label, 'crd-unknown-field');
    assert.deepEqual(items[0]?.labelDetails, { description: 'found here' });
    assert.ok(items.length > 100);
    assert.match(await chosen(source, 'crd-unknown-field'), /# preflight-ignore: crd-unknown-field \(\$\{1:why\}\)\n/);
    const reasoned = source.replace('$0', 'crd$0 (known)');
    assert.match(await chosen(reasoned, 'crd-unknown-field'), /# preflight-ignore: crd-unknown-field \(known\)\n/);
  });

  describe('inside configurations and scripts', () => {
    const config = (key: string, text: string): string =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: it\n  namespace: matrix\ndata:\n  ${key}: |\n${text.replace(/^/gm, '    ')}\n`;
    const script = (text: string): string =>
      `${pod}      env:\n        - name: TOKEN\n          valueFrom: {secretKeyRef: {name: synapse-secrets, key: form-secret}}\n      command:\n        - sh\n        - -c\n        - |\n${text.replace(/^/gm, '          ')}\n`;

    it('is asked for behind a dollar sign, a bracket and an equals sign', () => {
      const triggers = editor.initialized.capabilities.completionProvider?.triggerCharacters ?? [];
      for (const one of ['$', '{', '(', '=']) assert.ok(triggers.includes(one), one);
    });

    it('writes variables with what is missing of their braces', async () => {
      assert.match(await chosen(script('echo "${TO$0"'), 'TOKEN'), /\n {10}echo "\$\{TOKEN\}"\n$/);
      assert.match(await chosen(script('echo $TO$0 done'), 'TOKEN'), /\n {10}echo \$TOKEN done\n$/);
      const { items } = await at(script('echo $$0'));
      assert.deepEqual(items[0]?.labelDetails, { description: 'key form-secret of Secret/synapse-secrets' });
      assert.ok(!JSON.stringify(items).includes('hidden-value'));
    });

    it('writes the keys of a here-document in its own indentation', async () => {
      const source = script('cat <<EOF > /config/worker.yaml\nworker_listeners:\n  - type: http\n    reso$0\nEOF');
      assert.match(await chosen(source, 'resources'), /\n {14}resources:\n {16}- \n {10}EOF\n$/);
      const value = script('cat > /config/worker.yaml <<EOF\nworker_app:$0\nEOF');
      assert.match(
        await chosen(value, 'synapse.app.generic_worker'),
        /\n {10}worker_app: synapse\.app\.generic_worker\n {10}EOF\n$/,
      );
    });

    it('writes JSON with its quotes and brackets', async () => {
      const source = config('config.json', '{\n  "default_server_name": "x",\n  $0\n}');
      assert.match(await chosen(source, 'brand'), /\n {6}"brand": \n {4}\}\n$/);
      assert.match(await chosen(source, 'room_directory'), /\n {6}"room_directory": \{\$1\}\n/);
      assert.match(await chosen(source, 'room_directory', plain), /\n {6}"room_directory": \{\}\n/);
      const value = config('config.json', '{\n  "default_server_name": "x",\n  "default_theme": $0\n}');
      assert.match(await chosen(value, 'dark'), /"default_theme": "dark"\n/);
      const item = (await at(source)).items.find(one => one.label === 'brand');
      assert.deepEqual(item?.documentation, { kind: 'markdown', value: 'The name of the app.' });
    });

    it('writes directives and options of other files as they are', async () => {
      assert.match(await chosen(config('redis.conf', 'maxmem$0'), 'maxmemory-policy'), /\n {4}maxmemory-policy\n$/);
      assert.match(await chosen(config('turnserver.conf', 'min-$0'), 'min-port'), /\n {4}min-port=\n$/);
      assert.match(
        await chosen(config('nginx.conf', 'server {\n  proxy_set_header Host $ho$0;'), 'host'),
        /Host \$host;\n$/,
      );
    });

    it('names objects in scripts and in arguments', async () => {
      const text = '#- /deploy.sh\nkubectl -n matrix get secret/syn$0\n';
      assert.equal(await chosen(text, 'synapse-secrets'), 'kubectl -n matrix get secret/synapse-secrets\n');
      const args = `${pod}      command: [kubectl, get, secret]\n      args: [-n, matrix, $0]\n`;
      assert.match(await chosen(args, 'synapse-secrets'), /args: \[-n, matrix, synapse-secrets\]\n$/);
    });
  });
});
