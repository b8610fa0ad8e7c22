"""A show like the demo's, of text files and shell commands, so that everything takes moments.

Two sequences, three shots, four frames each. `review` grades a plate with the show's look and leaves out the look's
comment lines, so that a look that differs in a comment alone gives the same frames.
"""

FIRST, LAST = 1001, 1004
SHOTS = ["sq010/sh0010", "sq010/sh0020", "sq020/sh0030"]
SEQUENCES = ["sq010", "sq020"]

PIPELINE = """\
sluice: 1
project: demo
folders:
  - look
  - { path: sq010, type: sequence }
  - { path: sq010/sh0010, type: shot, range: 1001-1004, fps: 24 }
  - { path: sq010/sh0020, type: shot, range: 1001-1004, fps: 24 }
  - { path: sq020, type: sequence }
  - { path: sq020/sh0030, type: shot, range: 1001-1004, fps: 24 }
steps:
  review:
    for: { type: shot }
    inputs:
      plate: { product: plate, frames: one-to-one }
      lut: { product: /look/show_lut }
    outputs:
      frames: { product: review_frames, files: "review.####.txt" }
    command: [sh, -c, 'echo "frame $4 of $5"; (cat "$1"; grep -v "^#" "$2") > "$3"', sh,
              "{plate}", "{lut}", "{frames}", "{frame}", "{folder}"]
  review_movie:
    for: { type: shot }
    inputs:
      frames: { product: review_frames }
    outputs:
      movie: { product: review_movie, files: "review.movie" }
    command: [sh, -c, 'cat "$1"/*.txt > "$2"', sh, "{frames.dir}", "{movie}"]
  neutral:
    for: { type: shot }
    inputs:
      plate: { product: plate, frames: one-to-one }
      lut: { product: /look/neutral_lut }
    outputs:
      frames: { product: neutral_frames, files: "neutral.####.txt" }
    command: [sh, -c, 'cat "$1" "$2" > "$3"', sh, "{plate}", "{lut}", "{frames}"]
  contact:
    for: { type: sequence }
    inputs:
      reviews: { product: review_frames, from: children }
    outputs:
      sheet: { product: contact, files: "contact.txt" }
    command: [sh, -c, 'sheet=$1; shift; for folder; do cat "$folder"/*.txt; done > "$sheet"', sh,
              "{sheet}", "{reviews.dir}"]
"""


def publish_sources(server, show_lut="warm\n", neutral_lut="neutral\n"):
    for shot in SHOTS:
        frames = server.frames(FIRST, LAST, folder=f"plates/{shot}", text=f"{shot} plate {{}}\n")
        server.ask("publish", f"demo/{shot}/plate", *frames)
    server.ask("publish", "demo/look/show_lut", server.file("show_lut.cube", show_lut))
    server.ask("publish", "demo/look/neutral_lut", server.file("neutral_lut.cube", neutral_lut))


def make(server):
    """Pipeline and sources, and everything made once."""
    server.pipeline(PIPELINE)
    publish_sources(server)
    return server.apply()


def change_look(server, text="cold\n"):
    return server.ask("publish", "demo/look/show_lut", server.file("show_lut.cube", text))
