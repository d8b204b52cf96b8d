// A client that speaks as the CDS Hooks Sandbox does (https://github.com/cds-hooks/sandbox, which no registry has), with
// the libraries that it is made of. Usage: node sandbox.mjs, with a JSON object on standard input:
//   {"cds": base URL, "fhir": base URL, "patient": id, "user": reference, "token": text or null, "jwt": text}
// Prints {"services": [...], "asked": [URL...], "sent": request, "status": number, "answer": body}.
//
// What is its own way: each query of a template is taken apart and put together again, its parameters in order of their
// names and encoded; what can't be fetched is left out; `fhirServer` always goes along; every request carries a token
// of ES256, to a service without clients too.
import axios from 'axios';
import queryString from 'query-string';

let input = '';
for await (const piece of process.stdin) {
  input += piece;
}
const { cds, fhir, patient, user, token, jwt } = JSON.parse(input);
const signed = { Accept: 'application/json', Authorization: `Bearer ${jwt}` };

const { services } = (await axios.get(`${cds}/cds-services`, { headers: signed })).data;
const service = services.find((one) => one.hook === 'patient-view');

function filledIn(template) {
  const text = template.replace(/{{\s*context\.patientId\s*}}/g, patient).replace(/{{\s*context\.userId\s*}}/g, user);
  const [path, query] = text.split('?');
  if (query === undefined) {
    return path;
  }
  const encoded = Object.entries(queryString.parse(query)).map(([name, value]) => [name, encodeURIComponent(value)]);
  return `${path}?${queryString.stringify(Object.fromEntries(encoded), { encode: false })}`;
}

const prefetch = {};
const asked = [];
await Promise.all(
  Object.entries(service.prefetch ?? {}).map(async ([key, template]) => {
    const url = `${fhir}/${filledIn(template)}`;
    asked.push(url);
    try {
      const headers = { Accept: 'application/json+fhir', ...(token && { Authorization: `Bearer ${token}` }) };
      const { data } = await axios.get(url, { headers });
      if (data && Object.keys(data).length) {
        prefetch[key] = data;
      }
    } catch {
      // It says so in the browser's console, and goes on.
    }
  })
);

const sent = {
  hookInstance: crypto.randomUUID(),
  hook: service.hook,
  fhirServer: fhir,
  context: { patientId: patient, userId: user },
};
if (token) {
  const scope = 'launch patient/*.* user/*.* openid profile';
  sent.fhirAuthorization = { access_token: token, token_type: 'Bearer', expires_in: 3600, scope, subject: 'sandbox' };
}
if (Object.keys(prefetch).length > 0) {
  sent.prefetch = prefetch;
}
const response = await axios.post(`${cds}/cds-services/${service.id}`, sent, {
  headers: signed,
  validateStatus: () => true,
});
console.log(JSON.stringify({ services, asked, sent, status: response.status, answer: response.data }));
