import assert from "node:assert/strict";
import { escapeXml, readXmlLeaves } from "../../../protocols/s3/xml_leaves.ts";

const LIST = `<?xml version="1.0" encoding="UTF-8"?>
<!-- a list -->
<ListMultipartUploadsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Bucket>b</Bucket><Prefix/>
  <Upload><Key>a &amp; b&#x2f;&#47;&lt;c&gt;</Key><UploadId>1</UploadId><Owner><ID>x</ID></Owner></Upload>
  <Upload><Key>second</Key><UploadId>2</UploadId></Upload>
</ListMultipartUploadsResult>
`;

Deno.test("XML is read as its leaves with their paths, in order, with entities expanded", () => {
  assert.deepEqual(readXmlLeaves(LIST), {
    root: "ListMultipartUploadsResult",
    leaves: [
      { path: "Bucket", text: "b" },
      { path: "Prefix", text: "" },
      { path: "Upload/Key", text: "a & b//<c>" },
      { path: "Upload/UploadId", text: "1" },
      { path: "Upload/Owner/ID", text: "x" },
      { path: "Upload/Key", text: "second" },
      { path: "Upload/UploadId", text: "2" },
    ],
  });
});

Deno.test("XML that is cut, crossed, doubled or has a document type is refused with the place", () => {
  for (
    const xml of [
      "",
      "<a><b></a></b>",
      "<a></a><b></b>",
      "<a>",
      "x<a/>",
      "<a",
      "<a></a>x",
      '<!DOCTYPE a [<!ENTITY e "x">]><a/>',
    ]
  ) {
    assert.throws(
      () => readXmlLeaves(xml),
      /SyntaxError: (No XML of S3 at \d+|XML ends too early, at \d+)/,
      xml,
    );
  }
  assert.throws(() => readXmlLeaves("<a>".repeat(1000)), SyntaxError);
});

Deno.test("entities that are none stay as they are", () => {
  assert.deepEqual(readXmlLeaves("<e>&nbsp;&#x110000;&valueOf;</e>").leaves, [
    { path: "", text: "&nbsp;&#x110000;&valueOf;" },
  ]);
});

Deno.test("text between tags comes back as it was", () => {
  const text = `"<&>'`;
  assert.equal(readXmlLeaves(`<e>${escapeXml(text)}</e>`).leaves[0]!.text, text);
});
