import assert from 'node:assert/strict';
import djangoFileMissing from '../../../rules/key-vault/key-vault-django-file-missing';
import { messages } from '../expect';

interface Tree {
  readonly copy?: string;
  readonly wsgi?: string;
  readonly source?: string;
}

/** A project whose files are keys of a ConfigMap, put into folders by `items` and copied to where they may be written. */
function tree({
  copy = 'cp -rL /source/. /app/',
  wsgi = '- {key: wsgi.py, path: vault/wsgi.py}',
  source,
}: Tree): string {
  return `
#- /tree.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: source, namespace: matrix}
data:
  manage.py: |
    import os
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vault.settings")
  settings.py: |
    ROOT_URLCONF = "vault.urls"
    INSTALLED_APPS = ["keys"]
  urls.py: |
    from keys import views
    urlpatterns = [path("keys/", views.store)]
  wsgi.py: application = 1
  models.py: |
    from django.db import models
    class Key(models.Model):
        user = models.CharField(max_length=255)
  views.py: |
    def store(request):
        return None
  __init__.py: ""
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: key-vault, namespace: matrix}
spec:
  template:
    metadata: {labels: {app: key-vault}}
    spec:
      initContainers:
        - name: create
          image: busybox:1.37
          command: [sh, -ec, "${copy}"]
          volumeMounts: [{name: source, mountPath: /source}, {name: app, mountPath: /app}]
      containers:
        - name: key-vault
          image: python:3.12-slim
          workingDir: /app
          command: [gunicorn, vault.wsgi]
          ports: [{containerPort: 8000}]
          volumeMounts: [{name: app, mountPath: /app}]
      volumes:
        - {name: app, emptyDir: {}}
        - name: source
          ${
            source ??
            `configMap:
            name: source
            items:
              - {key: manage.py, path: manage.py}
              - {key: __init__.py, path: vault/__init__.py}
              - {key: settings.py, path: vault/settings.py}
              - {key: urls.py, path: vault/urls.py}
              ${wsgi}
              - {key: __init__.py, path: keys/__init__.py}
              - {key: models.py, path: keys/models.py}
              - {key: views.py, path: keys/views.py}`
          }
`;
}

describe('a Django project that is copied from a ConfigMap', () => {
  for (const copy of ['cp -rL /source/. /app/', 'cp -r /source/* /app', 'cp -a /source/. /app'])
    it(`is known as a whole with ${copy}`, () => {
      assert.deepEqual(messages(djangoFileMissing, tree({ copy })), []);
      assert.deepEqual(messages(djangoFileMissing, tree({ copy, wsgi: '' })), [
        'error: The server starts vault.wsgi, which nothing writes — write it, or correct the name.',
      ]);
    });

  it('may have other files where something else is copied too', () => {
    const copy = 'cp -rL /source/. /app/; cp -r /opt/vault/. /app/';
    assert.deepEqual(messages(djangoFileMissing, tree({ copy, wsgi: '' })), []);
    assert.deepEqual(
      messages(djangoFileMissing, tree({ wsgi: '', source: 'persistentVolumeClaim: {claimName: a}' })),
      [],
    );
  });
});
