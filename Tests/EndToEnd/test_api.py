"""The HTTP interface is what its description says: routes, answers, errors, events, the stream, and the schemas."""

import contextlib
import copy
import functools
import http.client
import json
import random
import re
import socket
import threading
import time
import unittest
import urllib.parse
import uuid
from datetime import datetime
from pathlib import Path

import tiny_show
from sluice_server import ROOT, Server, ServerTestCase, SharedServerTestCase, wait_until

try:
    import jsonschema
    import openapi_spec_validator
    import yaml
except ImportError as error:
    raise unittest.SkipTest(f"{error.name} is missing; run tools/setup") from None

SCHEMAS = ROOT / "schemas"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
SEED = random.SystemRandom().randrange(10**6)

FAILING = """\
sluice: 1
project: broken
folders: [look]
steps:
  fails:
    for: look
    inputs:
      source: { product: source }
    outputs:
      result: { product: result, files: "result.txt" }
    command: [sh, -c, "echo no luck; exit 7"]
  waits:
    for: look
    inputs:
      result: { product: result }
    outputs:
      end: { product: end, files: "end.txt" }
    command: [cp, "{result}", "{end}"]
"""


def strict(schema):
    """The schema with every object closed that names its fields, so that what it does not name is found."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: strict(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema["properties"] and "additionalProperties" not in schema:
        closed["unevaluatedProperties"] = False
    return closed


class Ahead:
    """A read that waits for what does not come; it takes ten seconds, in which the other tests go on."""

    answer = seconds = thread = None

    @classmethod
    def ask(cls, server):
        began = time.monotonic()
        cls.answer = server.get("/api/v1/status", atLeast="main:1000000000", timeout=60)
        cls.seconds = time.monotonic() - began


def setUpModule():
    server = Server().start()
    unittest.addModuleCleanup(server.close)
    Ahead.thread = threading.Thread(target=Ahead.ask, args=(server,), daemon=True)
    Ahead.thread.start()


class Description:
    """An OpenAPI document, as its users read it."""

    def __init__(self, document):
        self.document = document

    def resolve(self, thing):
        while "$ref" in thing:
            place = self.document
            for name in thing["$ref"].removeprefix("#/").split("/"):
                place = place[name.replace("~1", "/").replace("~0", "~")]
            thing = place
        return thing

    def operations(self):
        return {
            (method, path): operation
            for path, methods in self.document["paths"].items()
            for method, operation in methods.items()
            if method in METHODS
        }

    def parameters(self, method, path):
        shared = self.document["paths"][path].get("parameters", [])
        own = self.document["paths"][path][method].get("parameters", [])
        return [self.resolve(parameter) for parameter in [*shared, *own]]

    def problems(self, value, schema, close=lambda schema: schema):
        """What does not fit; `close=strict` finds fields that are not described too."""
        validator = jsonschema.Draft202012Validator({**close(schema), "components": close(self.document["components"])})
        return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(value)]


@functools.cache
def description():
    return Description(json.loads((SCHEMAS / "openapi.json").read_text()))


def source_routes():
    """`{(method, path): its code}` as the server's sources add them."""
    routes = {}
    for file in sorted((ROOT / "Sources" / "SluiceServer").rglob("*.swift")):
        text = file.read_text()
        found = list(re.finditer(r'\bapi\.(get|post|put|delete|patch|head)\("([^"]*)"', text))
        for match, after in zip(found, [*found[1:], None]):
            path = "/api/v1/" + re.sub(r":(\w+)", r"{\1}", match.group(2)).strip("/")
            code = text[match.end() : after.start() if after else len(text)]
            # What follows the closure belongs to no route.
            routes[(match.group(1), path)] = re.split(r"\n    \}\n", code)[0]
        for match in re.finditer(r'\brouter\.(get)\("(/[\w.]+\.json)"', text):
            routes[(match.group(1), match.group(2))] = ""
    return routes


class ApiTestCase:
    """Calls that hold each request and each answer to the description."""

    def call(self, method, template, expect=200, body=None, headers=None, server=None, timeout=30, raw=None, **values):
        text = description()
        names = re.findall(r"\{(\w+)\}", template)
        path = template
        for name in names:
            path = path.replace(f"{{{name}}}", urllib.parse.quote(str(values.pop(name)), safe=""))
        operation = text.document["paths"][template][method]
        documented = {p["name"] for p in text.parameters(method, template) if p["in"] == "query"}
        self.assertLessEqual(set(values), documented, f"{method} {template}: parameters that are not described")
        if values:
            path += "?" + urllib.parse.urlencode(values)
        payload, headers = body, dict(headers or {})
        if raw is not None:
            payload = raw
        elif body is not None:
            (kind, content), *_ = text.resolve(operation["requestBody"])["content"].items()
            if kind == "application/json" and expect < 300:
                self.assertEqual(text.problems(body, content["schema"]), [], f"the request of {method} {template}")
            headers.setdefault("Content-Type", kind)
        answer = (server or self.server).http(method.upper(), path, payload, headers, timeout)
        self.assertEqual(answer.status, expect, f"{method} {path}: {answer}")
        self.check(method, template, answer)
        return answer

    def check(self, method, template, answer):
        text, place = description(), f"{method} {template} {answer.status}"
        responses = text.document["paths"][template][method]["responses"]
        self.assertIn(str(answer.status), responses, f"{place} is not described: {answer}")
        content = text.resolve(responses[str(answer.status)]).get("content")
        if content is None:
            self.assertEqual(answer.body, b"", place)
            return
        kind = answer.headers["content-type"].split(";")[0]
        if kind not in content:
            # Bytes of a file have the type of their file.
            self.assertEqual(list(content), ["application/octet-stream"], f"{place}: {kind}")
            return
        schema = content[kind]["schema"]
        if kind == "application/x-ndjson":
            for line in answer.lines:
                self.assertEqual(text.problems(line, schema), [], f"{place}: {line}")
        elif kind.endswith("json"):
            self.assertEqual(text.problems(answer.json, schema), [], f"{place}: {str(answer)[:1500]}")
        if answer.status >= 400:
            self.assertEqual(kind, "application/problem+json", place)
            self.assertEqual(answer.json["status"], answer.status)


class Document(SharedServerTestCase):
    def test_it_is_valid_openapi_3_1(self):
        served = self.server.get("/openapi.json")
        self.assertEqual(served.headers["content-type"], "application/json")
        self.assertRegex(served.json["openapi"], r"^3\.1\.")
        openapi_spec_validator.validate(served.json)

    def test_what_is_served_is_what_lies_in_the_repository(self):
        for file in [SCHEMAS / "openapi.json", SCHEMAS / "pipeline.schema.json", *(SCHEMAS / "events").glob("*.json")]:
            path = "/openapi.json" if file.name == "openapi.json" else f"/schemas/{file.relative_to(SCHEMAS)}"
            with self.subTest(path):
                self.assertEqual(self.server.get(path).json, json.loads(file.read_text()))

    def test_its_paths_and_methods_are_the_servers_routes(self):
        routes = set(source_routes())
        self.assertGreater(len(routes), 20, "the sources are not read as they are written")
        self.assertEqual(set(description().operations()), routes)

    def test_each_route_is_there(self):
        for method, path in description().operations():
            with self.subTest(f"{method} {path}"):
                status, code = self.probe(method, re.sub(r"\{\w+\}", "x-000000000000", path))
                self.assertNotEqual(code, "route.unknown", f"{status}")

    def probe(self, method, path):
        """Status and code, of which a stream sends the first before anything else."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        self.addCleanup(connection.close)
        body = None if method in ("get", "delete") else b"{}"
        connection.request(method.upper(), path, body=body, headers={"Content-Type": "application/json"})
        answer = connection.getresponse()
        kind = answer.getheader("content-type") or ""
        return answer.status, json.loads(answer.read())["code"] if kind.startswith("application/problem") else None

    def test_other_methods_and_paths_are_unknown(self):
        for method, path in (("PUT", "/api/v1/status"), ("DELETE", "/api/v1/projects"), ("GET", "/api/v1/apply"),
                             ("GET", "/api/v1/nothing"), ("GET", "/api/v2/health"), ("GET", "/api/v1")):  # fmt: skip
            with self.subTest(f"{method} {path}"):
                answer = self.server.http(method, path)
                problem = self.assertProblem(answer, answer.status, "route.unknown")
                self.assertIn(problem["status"], (404, 405))
                self.assertEqual(description().problems(problem, {"$ref": "#/components/schemas/Problem"}), [])

    def test_each_query_parameter_that_is_read_is_described(self):
        operations = description().operations()
        for (method, path), code in source_routes().items():
            if (method, path) not in operations:
                continue  # Said by another test.
            read = set(re.findall(r'request\.(?:value|required)\("(\w+)"\)', code))
            if "EventFilter(" in code:
                read |= set(re.findall(r'request\.value\("(\w+)"\)', _source("struct EventFilter")))
            if "WorkFilter(" in code:
                read |= set(re.findall(r'request\.value\("(\w+)"\)', _source("struct WorkFilter"))) - {"run"}
            described = {p["name"] for p in description().parameters(method, path) if p["in"] == "query"}
            with self.subTest(f"{method} {path}"):
                self.assertLessEqual(read, described)

    def test_at_least_is_described_where_things_are_read(self):
        names = {
            path: {p["name"] for p in description().parameters("get", path)}
            for method, path in description().operations()
            if method == "get" and path in ("/api/v1/status", "/api/v1/show", "/api/v1/why", "/api/v1/impact", "/api/v1/plans")
        }
        self.assertEqual({path for path, found in names.items() if "atLeast" not in found}, set())

    def test_operations_have_ids_and_summaries(self):
        operations = description().operations()
        ids = [operation["operationId"] for operation in operations.values()]
        self.assertEqual(len(set(ids)), len(operations))
        self.assertTrue(all(operation.get("summary") for operation in operations.values()))


def _source(mark):
    """The text of a Swift declaration, up to its closing brace in the first column."""
    for file in (ROOT / "Sources" / "SluiceServer").rglob("*.swift"):
        text = file.read_text()
        if mark in text:
            return text[text.index(mark) :].split("\n}\n")[0]
    raise AssertionError(f"no '{mark}' in the sources")


class Answers(ApiTestCase, SharedServerTestCase):
    """Every GET and POST on a show that has run, has changed, and has something that failed."""

    @classmethod
    def prepare(cls, server):
        cls.made = tiny_show.make(server)
        server.ask("tag", "demo/look/show_lut@1", "approved")
        tiny_show.change_look(server)
        server.pipeline(FAILING)
        server.ask("publish", "broken/look/source", server.file("s.txt"), "--note", "a note", "--label", "L1", "--from", "demo/look/show_lut@1")
        cls.failed = server.ask("apply", "broken", "--watch", code=1)

    def get(self, template, expect=200, **values):
        return self.call("get", "/api/v1/" + template, expect, **values)

    def post(self, template, body, expect=200, **values):
        return self.call("post", "/api/v1/" + template, expect, body, **values)

    # Questions

    def test_health_projects_folders(self):
        self.assertEqual(self.get("health").json["position"], self.server.position())
        self.assertLessEqual({"broken", "demo"}, {project["name"] for project in self.get("projects").json["projects"]})
        self.assertGreaterEqual(len(self.get("folders", project="demo").json["folders"]), 6)
        self.assertEqual(len(self.get("folders", project="demo", under="sq010").json["folders"]), 3)

    def test_status(self):
        states = {product["state"] for product in self.get("status").json["products"]}
        self.assertLessEqual({"current", "stale", "failed"}, states)
        for ref in ("demo", "broken", "demo/sq010", "demo/sq010/sh0010/review_frames"):
            self.get("status", ref=ref)
        self.assertNotIn("current", {p["state"] for p in self.get("status", ref="demo", stale="true").json["products"]})

    def test_show_why_and_impact_of_every_product(self):
        products = self.get("status").json["products"]
        for question in ("show", "why", "impact"):
            with self.subTest(question):
                for product in products:
                    if question != "show" or product["version"]:
                        self.get(question, ref=product["ref"])
                    if product["version"]:
                        self.get(question, ref=f"{product['ref']}@1")

    def test_pipelines(self):
        self.get("pipelines/{project}", project="demo")
        raw = tiny_show.PIPELINE.replace("cat", "command cat").encode()
        answer = self.call("post", "/api/v1/pipelines", raw=raw, dryRun="true", headers={"Content-Type": "application/yaml"})
        self.assertTrue(answer.json["changed"])
        self.assertFalse(answer.json["applied"])

    def test_plans(self):
        plan = self.post("plan", {"project": "demo"}).json
        self.assertTrue(plan["runs"])
        self.post("plan", {"project": "demo", "select": "step:review", "frames": "1002"})
        self.post("plan", {"project": "demo", "select": "state:failed"})
        self.get("plans/{id}", id=plan["id"])
        self.get("plans/{id}", id=self.made["id"])
        shown = self.get("plans/{id}", id=self.failed["id"]).json
        self.assertEqual({run["status"] for run in shown["progress"]["runs"]}, {"failed", "cancelled"})
        self.assertGreaterEqual(len(self.get("plans").json["plans"]), 2)
        applied = [plan for plan in self.get("plans", project="demo").json["plans"] if plan["applications"]]
        self.assertEqual([plan["id"] for plan in applied], [self.made["id"]])

    def test_proposals(self):
        self.server.pipeline(tiny_show.PIPELINE.replace("project: demo", "project: proposing"))

        def waiting():
            plans = self.get("plans", project="proposing").json["plans"]
            return next((plan for plan in plans if plan["status"] == "proposed"), None)

        self.server.ask("publish", "proposing/look/neutral_lut", self.server.file("n.cube"))
        self.server.ask("publish", "proposing/sq010/sh0010/plate", *self.server.frames(1001, 1002))
        proposal = wait_until(waiting, "a proposal waits", 40)
        shown = self.get("plans/{id}", id=proposal["id"]).json
        self.assertEqual((shown["plan"]["reaction"], shown["state"]["status"]), ("propose", "proposed"))
        self.assertNotIn("progress", shown)
        neutral = "proposing/sq010/sh0010/neutral_frames"
        self.assertEqual(self.get("why", ref=neutral).json["reaction"]["plan"], proposal["id"])
        declined = self.post("plans/{id}/decline", {"because": "not now"}, id=proposal["id"]).json
        self.assertEqual(declined["status"], "declined")
        self.assertEqual(self.post("plans/{id}/decline", {}, id=proposal["id"]).json, declined)
        self.assertEqual(self.get("status", ref=neutral).json["products"][0]["reaction"]["kind"], "declined")
        self.post("plans/{id}/decline", {}, 404, id="p-000000000000")
        self.post("plans/{id}/decline", {}, 409, id=self.made["id"])

    def test_task_logs(self):
        shown = self.get("plans/{id}", id=self.failed["id"]).json
        task = next(run["failedTasks"][0] for run in shown["progress"]["runs"] if run.get("failedTasks"))
        self.assertEqual(self.get("tasks/{id}/log", id=task).body, b"no luck\n")
        self.assertEqual(self.get("tasks/{id}/log", **{"id": task, "from": 3}).body, b"luck\n")
        self.assertEqual(self.get("tasks/{id}/log", **{"id": task, "from": 8}).body, b"")

    def test_runs_and_tasks(self):
        runs = self.get("runs", project="broken").json["runs"]
        self.assertEqual({(run["step"], run["status"]) for run in runs}, {("fails", "failed"), ("waits", "cancelled")})
        failed = next(run["run"] for run in self.get("runs", status="failed", plan=self.failed["id"]).json["runs"])
        self.assertEqual(self.get("runs/{id}", id=failed).json["tasks"][0]["failure"]["code"], "task.failed")
        self.assertEqual([task["status"] for task in self.get("tasks", run=failed).json["tasks"]], ["failed"])
        self.get("tasks/{id}", id=f"{failed}.1")
        some = self.get("runs", plan=self.made["id"], limit=2).json
        self.assertEqual(len(some["runs"]) + some["more"], len(self.made["runs"]))

    def test_files(self):
        self.assertEqual(self.get("files", ref="demo/look/show_lut@1").body, b"warm\n")
        path = "review.1002.txt"
        whole = self.get("files", ref="demo/sq010/sh0010/review_frames", path=path).body
        part = self.call("get", "/api/v1/files", 206, headers={"Range": "bytes=3-6"}, ref="demo/sq010/sh0010/review_frames", path=path)
        self.assertEqual(part.body, whole[3:7])
        beyond = self.server.get("/api/v1/files?ref=demo/look/show_lut@1", headers={"Range": "bytes=100-200"})
        described = "416" in description().document["paths"]["/api/v1/files"]["get"]["responses"]
        self.assertEqual(beyond.status, 416 if described else 200, "a range outside of the file")

    def test_identify(self):
        shown = self.get("show", ref="demo/look/show_lut").json["selected"]
        files = [{"path": f"{shown['path']}/cube/show_lut.cube"}, {"path": "/no/such/file"},
                 {"path": "/elsewhere/x.cube", "sha256": shown["files"][0]["sha256"]}]  # fmt: skip
        answers = self.post("identify", {"files": files}).json["files"]
        self.assertEqual([answer.get("ref") for answer in answers], ["demo/look/show_lut", None, "demo/look/show_lut"])

    def test_resolve(self):
        refs = ["demo/look/show_lut@approved", "demo/sq010/sh0010/review_frames", "demo/sq010/contact", "demo/no/such",
                "../up", "demo/look/show_lut@1"]  # fmt: skip
        answer = self.post("resolve", {"refs": refs}).json
        self.assertEqual([result["ref"] for result in answer["results"]], refs)
        lut, frames, sheet, unknown, wrong, first = answer["results"]
        self.assertEqual({**lut, "ref": first["ref"]}, first)
        for found in (lut, frames, sheet):
            shown = self.get("show", ref=f"{found['product']}@{found['version']}").json["selected"]
            self.assertEqual(found["directory"], f"{shown['path']}/{found['representation']}")
            self.assertEqual(found["bytes"], sum(file["size"] for file in shown["files"]))
            for file in shown["files"]:
                self.assertTrue(Path(found["directory"], file["path"]).is_file())
        self.assertEqual(Path(lut["path"]).read_bytes(), b"warm\n")
        self.assertEqual((Path(frames["path"]).name, frames["frames"]), ("review.####.txt", "1001-1004"))
        self.assertEqual(self.post("resolve", {"refs": [lut["entity"]]}).json["results"][0]["path"], lut["path"])
        self.assertEqual((unknown["error"]["code"], wrong["error"]["code"]), ("product.unknown", "reference.invalid"))
        self.assertEqual(self.post("resolve", {"refs": []}).json["results"], [])
        other = self.post("resolve", {"refs": [refs[0]], "representation": "exr"}).json["results"][0]
        self.assertEqual(other["error"]["code"], "file.unknown")
        text = description()
        for result in answer["results"]:
            self.assertEqual(text.problems(result, {"$ref": "#/components/schemas/Resolved"}, strict), [])

    def test_events(self):
        everything = self.get("events").lines
        self.assertEqual(len(self.get("events", limit=3).lines), 3)
        self.assertEqual(self.get("events", last=4).lines, everything[-4:])
        self.assertEqual(self.get("events", **{"from": everything[5]["position"]}).lines, everything[6:])
        self.assertEqual({e["project"] for e in self.get("events", project="broken").lines}, {"broken"})
        self.assertEqual({e["type"] for e in self.get("events", type="sluice.tag.*").lines}, {"sluice.tag.moved.v1"})
        refs = {e["product"] for e in self.get("events", ref="demo/look/show_lut").lines}
        self.assertEqual(refs, {"demo/look/show_lut"})

    def test_each_event_is_a_cloud_event_and_its_data_is_what_its_schema_says(self):
        events = self.get("events").lines
        for event in events:
            self.check_event(event)
        self.assertEqual(len({event["id"] for event in events}), len(events))

    def check_event(self, event):
        # https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
        self.assertEqual(event["specversion"], "1.0")
        for name in ("id", "source", "type"):
            self.assertTrue(isinstance(event[name], str) and event[name], event)
        for name, value in event.items():
            self.assertRegex(name, r"^[a-z0-9]+$", "attribute names have small letters and digits")
            self.assertTrue(name == "data" or isinstance(value, (str, bool, int)), f"{name} is no attribute value: {event}")
        self.assertIsNotNone(datetime.fromisoformat(event["time"].replace("Z", "+00:00")).tzinfo)
        urllib.parse.urlsplit(event["source"])
        schema = json.loads((SCHEMAS / "events" / f"{event['type']}.json").read_text())
        validator = jsonschema.Draft202012Validator(schema)
        self.assertEqual([f"{e.json_path}: {e.message}" for e in validator.iter_errors(event["data"])], [], event)

    def test_every_field_of_an_answer_is_described(self):
        text, review = description(), "demo/sq010/sh0010/review_frames"
        plan = self.get("plans/{id}", id=self.failed["id"]).json
        answers = {
            "health": {}, "projects": {}, "folders": {"project": "demo"}, "pipelines/{project}": {"project": "demo"},
            "status": {}, "show": {"ref": review}, "why": {"ref": review}, "impact": {"ref": review}, "plans": {},
            "plans/{id}": {"id": plan["plan"]["id"]}, "runs": {}, "runs/{id}": {"id": plan["plan"]["runs"][0]["id"]},
            "tasks": {"plan": self.failed["id"]}, "tasks/{id}": {"id": f"{plan['plan']['runs'][0]['id']}.1"},
        }  # fmt: skip
        for path, values in answers.items():
            with self.subTest(path):
                schema = text.document["paths"]["/api/v1/" + path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
                self.assertEqual(text.problems(self.get(path, **values).json, schema, strict), [])
        problem = {"$ref": "#/components/schemas/Problem"}
        with self.subTest("the errors of a pipeline file"):
            answer = self.call("post", "/api/v1/pipelines", 400, raw=b"sluice: 1\nproject: x\nstesp: {}\n")
            self.assertEqual(text.problems(answer.json, problem, strict), [])
        with self.subTest("an error"):
            self.assertEqual(text.problems(self.get("show", 400).json, problem, strict), [])
        seen = {}
        for event in self.get("events").lines:
            validator = jsonschema.Draft202012Validator(strict(json.loads((SCHEMAS / "events" / f"{event['type']}.json").read_text())))
            for error in validator.iter_errors(event["data"]):
                seen.setdefault(event["type"], set()).add(f"{error.json_path}: {error.message[:200]}")
        with self.subTest("events"):
            self.assertEqual(seen, {})

    def test_event_schemas_are_schemas_with_examples_that_fit(self):
        for file in (SCHEMAS / "events").glob("*.json"):
            with self.subTest(file.name):
                schema = json.loads(file.read_text())
                jsonschema.Draft202012Validator.check_schema(schema)
                self.assertTrue(schema["examples"])
                for example in schema["examples"]:
                    jsonschema.Draft202012Validator(strict(schema)).validate(example)

    # Commands

    def test_folders_tags_and_publishing(self):
        made = self.post("folders", {"project": "other", "path": "a/b", "type": "shot", "set": {"fps": "25"}}).json
        self.assertEqual(made["folder"]["attributes"], {"fps": "25"})
        self.post("folders", {"project": "other", "path": "a/b", "omitted": True})
        self.post("tags", {"ref": "demo/look/show_lut@1", "tag": "delivered"})
        upload = self.post("uploads", None).json["upload"]
        parameter = re.search(r"\{(\w+)\}", next(p for p in description().document["paths"] if "/uploads/{" in p)).group(1)
        route = f"/api/v1/uploads/{{{parameter}}}"
        headers = {"Content-Type": "application/octet-stream"}
        file = self.call("put", route + "/files", raw=b"hello", headers=headers, path="a/x.txt", **{parameter: upload}).json
        body = {"command": str(uuid.uuid4()), "upload": upload, "products": [
            {"ref": "other/a/x", "note": "n", "label": "l", "tag": "t", "from": ["demo/look/show_lut@1"],
             "representations": [{"name": "txt", "files": [
                 {"path": "x.txt", "upload": "a/x.txt", "size": file["size"], "sha256": file["sha256"]}]}]},
            {"ref": "other/a/y", "representations": [{"files": [{"path": "y.txt", "content": "eQ=="}]}]}]}  # fmt: skip
        self.assertEqual(len(self.post("publish", body).json["published"]), 2)
        unused = self.post("uploads", None).json["upload"]
        self.call("delete", route, 204, **{parameter: unused})
        self.get("show", ref="other/a/x")

    def test_apply_cancel_and_retry(self):
        self.server.pipeline(FAILING.replace("project: broken", "project: again"))
        self.server.ask("publish", "again/look/source", self.server.file("s.txt"))
        plan = self.post("plan", {"project": "again"}).json
        self.post("apply", {"project": "again", "plan": plan["id"], "command": str(uuid.uuid4())})
        self.server.wait_for_plan(plan["id"])
        self.assertEqual(self.post("cancel", {"id": plan["id"]}).json["cancelled"], 0)
        self.assertEqual(self.post("retry", {"id": plan["id"]}).json["runs"], 2)
        self.server.wait_for_plan(plan["id"])
        # Nothing to do is a plan too.
        self.post("apply", {"project": "again", "select": "state:running"})

    # Errors

    def test_errors_are_problems_that_validate(self):
        ghost = {"id": "x-000000000000"}
        cases = [
            ("get", "folders", 400, {}), ("get", "folders", 404, {"project": "nosuch"}),
            ("get", "status", 404, {"ref": "nosuch"}), ("get", "status", 400, {"ref": "../up"}),
            ("get", "show", 400, {}), ("get", "show", 404, {"ref": "demo/no/such"}),
            ("get", "show", 404, {"ref": "demo/look/show_lut@99"}), ("get", "why", 404, {"ref": "demo/no/such"}),
            ("get", "impact", 404, {"ref": "demo/no/such"}), ("get", "pipelines/{project}", 404, {"project": "nosuch"}),
            ("get", "plans", 404, {"project": "nosuch"}), ("get", "plans/{id}", 404, ghost),
            ("get", "tasks/{id}/log", 404, ghost), ("get", "files", 404, {"ref": "demo/look/show_lut", "path": "no"}),
            ("get", "files", 400, {}), ("get", "preview", 404, {"ref": "demo/look/show_lut"}),
            ("get", "events", 400, {"from": "elsewhere:1"}), ("get", "stream", 400, {"from": "nothing"}),
        ]  # fmt: skip
        for method, path, status, values in cases:
            with self.subTest(f"{method} {path} {values}"):
                self.call(method, "/api/v1/" + path, status, **values)
        commands = [
            ("folders", 400, {}), ("folders", 404, {"project": "nosuch", "path": "a", "add": False}),
            ("tags", 404, {"ref": "demo/no/such", "tag": "x"}), ("tags", 400, {"ref": "demo/look/show_lut", "tag": "latest"}),
            ("publish", 400, {"products": "no"}), ("publish", 404, {"products": [
                {"ref": "nosuch/x", "representations": [{"files": [{"path": "a", "content": "YQ=="}]}]}]}),
            ("publish", 409, {"products": [{"ref": "demo/sq010/contact", "representations": [
                {"files": [{"path": "contact.txt", "content": "YQ=="}]}]}]}),
            ("plan", 404, {"project": "nosuch"}), ("plan", 400, {"project": "demo", "select": "step:no"}),
            ("plan", 400, {"project": "demo", "frames": "9-1"}), ("apply", 404, {"project": "demo", "plan": "p-000000000000"}),
            ("cancel", 404, {"id": "r-000000000000"}), ("retry", 404, {"id": "r-000000000000"}),
            ("retry", 409, {"id": self.made["id"]}), ("identify", 400, {}), ("tokens", 400, {}), ("resolve", 400, {}),
            ("resolve", 413, {"refs": ["demo/x"] * 10_001}),
            ("session", 401, {"token": "no"}),
        ]  # fmt: skip
        for path, status, body in commands:
            with self.subTest(f"post {path} {body}"):
                self.post(path, body, status)
        with self.subTest("a pipeline with errors"):
            self.call("post", "/api/v1/pipelines", 400, raw=b"sluice: 1\nproject: x\nstesp: {}\n")
        with self.subTest("not JSON"):
            self.call("post", "/api/v1/plan", 400, raw=b"{")

    def test_what_nobody_reads_is_refused(self):
        file = {"path": "a", "content": "YQ==", "sise": 1}
        bodies = [
            ("plan", {"project": "demo", "selct": "look"}, "body", "selct"),
            ("casting", {"project": "demo", "cast": {"sq010/sh0010": ["look"]}}, "body", "cast"),
            ("publish", {"products": [{"ref": "demo/look/x", "representations": [{"files": [file]}]}]},
             "body, products.[0].representations.[0].files.[0]", "sise"),
        ]  # fmt: skip
        for path, body, place, word in bodies:
            with self.subTest(word):
                problem = self.assertProblem(self.server.http("POST", f"/api/v1/{path}", body), 400, "body.invalid")
                self.assertEqual(problem["at"], place)
                self.assertIn(f"'{word}'", problem["title"])
        problem = self.assertProblem(self.server.http("GET", "/api/v1/status?project=demo"), 400, "usage")
        self.assertIn("'project'", problem["title"])
        self.assertIn("ref", problem["fix"])
        self.assertNotIn("demo/look/x", [product["ref"] for product in self.get("status").json["products"]])

    def test_a_plan_that_changed_comes_with_the_new_one_and_the_difference(self):
        plan = self.post("plan", {"project": "demo"}).json
        self.server.ask("publish", "demo/look/neutral_lut", self.server.file("n.cube", f"neutral {uuid.uuid4()}\n"))
        problem = self.post("apply", {"project": "demo", "plan": plan["id"]}, 409).json
        self.assertEqual(problem["code"], "plan.changed")
        self.assertTrue(problem.get("plan"), f"the description has the new plan, and the page offers to run it: {problem}")
        self.assertTrue(problem.get("difference"), problem)

    def test_a_foreign_host_is_refused(self):
        self.call("get", "/api/v1/health", 403, headers={"Host": "evil.example"})
        self.call("post", "/api/v1/plan", 403, {"project": "demo"}, headers={"Origin": "http://evil.example"})

    # Reading what one wrote

    def test_at_least_waits_for_what_is_under_way(self):
        head = int(self.server.position().split(":")[1])
        found = {}
        wanted = f"main:{head + 1}"
        reader = threading.Thread(
            target=lambda: found.update(answer=self.server.get("/api/v1/status", ref="demo/late", atLeast=wanted)), daemon=True
        )
        reader.start()
        time.sleep(0.3)
        self.assertTrue(reader.is_alive(), "it answers before the position is reached")
        self.server.ask("publish", "demo/late/thing", self.server.file("late.txt"))
        reader.join(5)
        self.assertEqual(found["answer"].status, 200, str(found))
        self.assertEqual([p["ref"] for p in found["answer"].json["products"]], ["demo/late/thing"])
        self.assertGreaterEqual(int(found["answer"].json["asOf"].split(":")[1]), head + 1)

    def test_at_least_sees_each_write_at_once(self):
        for number in range(10):
            body = {"products": [{"ref": "demo/fresh/thing", "representations": [{"files": [{"path": "a.txt", "content": "YQ=="}]}]}]}
            position = self.server.post("/api/v1/publish", body).json["published"][0]["position"]
            shown = self.server.get("/api/v1/show", ref="demo/fresh/thing", atLeast=position)
            self.assertEqual(shown.json["versions"][0]["number"], number + 1)

    def test_at_least_refuses_what_is_no_position_of_this_server(self):
        for text in ("elsewhere:1", "main", "main:x", "7"):
            with self.subTest(text):
                self.assertProblem(self.server.get("/api/v1/status", atLeast=text), 400, "usage")


class Tokens(ApiTestCase, unittest.TestCase):
    def test_the_description_holds_with_tokens(self):
        server = self.server = Server()
        self.addCleanup(server.close)
        server.run("token", "create", "admin", "--data", server.data, server=False)
        first = server.run("token", "create", "second", "--data", server.data, "--json", server=False).json["token"]
        server.start()
        bearer = {"Authorization": f"Bearer {first}"}
        for method, path in description().operations():
            if path.startswith("/api/") and path != "/api/v1/session":
                with self.subTest(f"{method} {path}"):
                    answer = server.http(method.upper(), re.sub(r"\{\w+\}", "x", path))
                    self.assertEqual((answer.status, answer.json["code"]), (401, "token.missing"))
                    self.check(method, path, answer)
        self.call("get", "/api/v1/health", headers=bearer)
        reader = self.call("post", "/api/v1/tokens", body={"name": "farm", "rights": ["run"]}, headers=bearer).json
        narrow = {"Authorization": f"Bearer {reader['token']}"}
        self.call("post", "/api/v1/folders", 403, {"project": "x", "path": "a"}, headers=narrow)
        session = self.call("post", "/api/v1/session", 204, {"token": first})
        cookie = session.headers["set-cookie"]
        self.assertRegex(cookie, r"^sluice_token=[^;]+; HttpOnly; SameSite=Strict")
        self.call("get", "/api/v1/health", headers={"Cookie": cookie.split(";")[0]})
        self.call("delete", "/api/v1/session", 204, headers={"Cookie": cookie.split(";")[0]})
        events = self.call("get", "/api/v1/events", headers=bearer).lines
        self.assertEqual({event["type"] for event in events}, {"sluice.token.created.v1"})
        for event in events:
            Answers.check_event(self, event)
        text = json.dumps(events)
        self.assertNotIn(first, text, "no event has a token in clear")
        self.assertNotIn(reader["token"], text)


class Stream:
    """A reader of server-sent events, by the rules of the HTML standard as far as they matter here."""

    def __init__(self, server, last=None, **query):
        path = "/api/v1/stream" + ("?" + urllib.parse.urlencode(query) if query else "")
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=15)
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last} if last else {})}
        self.connection.request("GET", path, headers=headers)
        self.answer = self.connection.getresponse()
        self.last = last

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.connection.sock is not None:
            with contextlib.suppress(OSError):
                self.connection.sock.shutdown(socket.SHUT_RDWR)
        self.connection.close()

    def messages(self):
        """(event, id, data) as they come."""
        kind, id, data = "message", None, []
        for line in self.answer:
            line = line.decode().rstrip("\r\n")
            if not line:
                if data:
                    if id:
                        self.last = id
                    yield kind, id, "\n".join(data)
                kind, id, data = "message", None, []
            elif not line.startswith(":"):
                field, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if field == "event":
                    kind = value
                elif field == "id":
                    id = value
                elif field == "data":
                    data.append(value)

    def facts(self, count):
        """The next facts; progress between them is passed over."""
        found = []
        if not count:
            return found
        for kind, id, data in self.messages():
            if kind == "fact":
                event = json.loads(data)
                if event["position"] != id:
                    raise AssertionError(f"the id {id} is not the position of {event}")
                found.append(event)
                if len(found) == count:
                    break
        return found


class Following(ServerTestCase):
    def setUp(self):
        super().setUp()
        self.server.ask("folder", "add", "demo")

    def publish(self, name, count):
        for number in range(count):
            body = {"products": [{"ref": f"demo/{name}", "representations": [
                {"files": [{"path": "a.txt", "content": "YQ=="}]}]}]}  # fmt: skip
            answer = self.server.post("/api/v1/publish", body)
            self.assertEqual(answer.status, 200, f"{number}: {answer}")

    def test_a_reader_that_breaks_off_again_and_again_gets_each_fact_once_and_in_order(self):
        chance = random.Random(SEED)
        writers = [threading.Thread(target=self.publish, args=(f"p{index}", 40), daemon=True) for index in range(3)]
        total = int(self.server.position().split(":")[1]) + 120
        for writer in writers:
            writer.start()
        heard, last, turns = [], None, 0
        deadline = time.monotonic() + 60
        while len(heard) < total and time.monotonic() < deadline:
            turns += 1
            # As the page does: where it began stays in the address, where it is stands in the header.
            with Stream(self.server, last=last, **{"from": "main:0"}) as stream:
                heard += stream.facts(min(chance.randint(1, 25), total - len(heard)))
                last = stream.last
        for writer in writers:
            writer.join(30)
        self.assertGreater(turns, 4)
        everything = self.server.get("/api/v1/events").lines
        self.assertEqual(len(everything), total, f"seed {SEED}")
        self.assertEqual([e["position"] for e in heard], [e["position"] for e in everything], f"seed {SEED}")
        self.assertEqual(heard, everything)

    def test_a_reader_goes_on_after_the_server_was_killed(self):
        self.publish("p", 3)
        with Stream(self.server, **{"from": "main:0"}) as stream:
            heard = stream.facts(3)
            last = stream.last
            self.server.kill()
        self.server.start()
        self.publish("p", 2)
        everything = self.server.get("/api/v1/events").lines
        with Stream(self.server, last=last) as stream:
            heard += stream.facts(len(everything) - len(heard))
        self.assertEqual(heard, everything)

    def test_without_a_place_it_begins_now(self):
        self.publish("before", 2)
        with Stream(self.server) as stream:
            self.assertEqual(stream.answer.status, 200)
            self.assertTrue(stream.answer.getheader("content-type").startswith("text/event-stream"))
            time.sleep(0.2)
            self.publish("after", 1)
            self.assertEqual({event.get("product") for event in stream.facts(1)}, {"demo/after"})

    def test_a_type_narrows_it(self):
        self.publish("p", 2)
        with Stream(self.server, type="sluice.version.*", **{"from": "main:0"}) as stream:
            self.assertEqual({event["type"] for event in stream.facts(2)}, {"sluice.version.published.v1"})

    def test_progress_is_told_too_and_is_no_fact(self):
        tiny_show.make(self.server)
        tiny_show.change_look(self.server)
        text = description()
        with Stream(self.server, **{"from": self.server.position()}) as stream:
            plan = self.server.ask("apply", "demo")
            kinds = set()
            for kind, id, data in stream.messages():
                kinds.add(kind)
                if kind == "progress":
                    self.assertIsNone(id, "progress is not kept, so it has no place to resume from")
                    value = json.loads(data)
                    self.assertEqual(text.problems(value, {"$ref": "#/components/schemas/PlanProgress"}), [], value)
                    self.assertEqual(value["id"], plan["id"])
                elif json.loads(data)["type"] == "sluice.plan.finished.v1":
                    break
        self.assertEqual(kinds, {"fact", "progress"})

    def test_a_place_that_this_log_has_not_reached_is_refused(self):
        """A log that began anew: a reader of the old one must hear that, not silence."""
        head = int(self.server.position().split(":")[1])
        with Stream(self.server, last=f"main:{head + 1000}") as stream:
            self.assertGreaterEqual(stream.answer.status, 400, "200 was answered, and facts up to there will be left out")
            problem = json.loads(stream.answer.read())
        self.assertIn(problem["code"], ("position.ahead", "usage"))


class PipelineSchema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.schema = json.loads((SCHEMAS / "pipeline.schema.json").read_text())
        cls.validator = jsonschema.Draft202012Validator(cls.schema)
        cls.demo = yaml.safe_load((ROOT / "examples" / "demo" / "sluice.yaml").read_text())

    def test_it_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(self.schema)

    def test_it_accepts_the_examples(self):
        self.validator.validate(self.demo)
        self.validator.validate(yaml.safe_load(tiny_show.PIPELINE))
        self.validator.validate(yaml.safe_load(FAILING))

    def test_it_refuses_each_misspelt_key(self):
        paths = [("steps",), ("steps", "review", "inputs"), ("steps", "review", "outputs"), ("steps", "review", "command"),
                 ("steps", "review", "tools"), ("steps", "review", "inputs", "plate", "frames"),
                 ("steps", "review", "inputs", "lut", "product"), ("steps", "review", "outputs", "frames", "files"),
                 ("steps", "review", "outputs", "frames", "preview"), ("steps", "contact", "inputs", "reviews", "from"),
                 ("steps", "review", "for", "type"), ("project",), ("sluice",)]  # fmt: skip
        for path in paths:
            with self.subTest("/".join(path)):
                wrong = copy.deepcopy(self.demo)
                place = wrong
                for key in path[:-1]:
                    place = place[key]
                place[path[-1] + "x"] = place.pop(path[-1])
                self.assertFalse(self.validator.is_valid(wrong))

    def test_it_refuses_wrong_values(self):
        for path, value in (
            (("sluice",), 2), (("project",), "../up"), (("steps", "review", "on_change"), "always"),
            (("steps", "review", "command"), "oiiotool"), (("steps", "review", "timeout"), "soon"),
            (("steps", "review", "chunk"), 0), (("steps", "review", "inputs", "plate", "frames"), "some"),
        ):  # fmt: skip
            with self.subTest("/".join(path)):
                wrong = copy.deepcopy(self.demo)
                place = wrong
                for key in path[:-1]:
                    place = place[key]
                place[path[-1]] = value
                self.assertFalse(self.validator.is_valid(wrong))


class Waiting(ServerTestCase):
    """The last of this file by its name."""

    def setUp(self):
        pass

    def test_at_least_gives_up_on_what_does_not_come(self):
        Ahead.thread.join(30)
        self.assertProblem(Ahead.answer, Ahead.answer.status, "position.ahead")
        self.assertGreaterEqual(Ahead.answer.status, 400)
        self.assertLess(Ahead.seconds, 15)


if __name__ == "__main__":
    unittest.main()
