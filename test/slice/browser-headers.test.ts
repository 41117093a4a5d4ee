import { afterAll, beforeAll, expect, it } from 'vitest';
import { head, send } from '../support/raw-http.js';
import { SliceApp } from '../support/slice-app.js';

let service: SliceApp;

beforeAll(async () => {
  service = await SliceApp.start();
});

afterAll(async () => {
  await service.stop();
});

it.each([
  '/docs',
  '/docs/swagger-ui-init.js',
  '/openapi.json',
  '/metrics',
  '/models',
  '/health',
  '/nowhere',
  '/predict',
])('no browser guesses the type of %s', async (path) => {
  const answer = await fetch(service.url + path);
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
});

it('no browser guesses the type of a refusal, whatever was sent', async () => {
  const refused = await service.post('/predict', 'no JSON');
  expect(refused.headers.get('x-content-type-options')).toBe('nosniff');
  const [unreadable] = await send(service.url, 'nonsense\r\n\r\n');
  expect(unreadable?.headers).toMatchObject({ 'x-content-type-options': 'nosniff' });
  const [broken] = await send(service.url, head('GET /docs HTTP/1.1'));
  expect(broken?.headers).toMatchObject({ 'x-content-type-options': 'nosniff' });
});

it('the page of /docs may load its own files, and nothing else', async () => {
  const page = await fetch(`${service.url}/docs`);
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toMatch(/^default-src 'none'; script-src 'self';/);
  expect(policy).toMatch(/frame-ancestors 'none'/);
  const html = await page.text();
  // Nothing that the policy would refuse: no script in the page, and no file of another origin.
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>\s*[^\s<]/);
  expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  const scripts = [...html.matchAll(/<script[^>]*\bsrc="([^"]+)"/g)].map(([, src = '']) => src);
  expect(scripts.length).toBeGreaterThan(2);
  for (const src of scripts) {
    const script = await fetch(new URL(src, `${service.url}/docs`));
    expect(script.headers.get('content-type')).toMatch(/javascript/);
  }
  expect((await fetch(`${service.url}/models`)).headers.get('content-security-policy')).toBeNull();
});
