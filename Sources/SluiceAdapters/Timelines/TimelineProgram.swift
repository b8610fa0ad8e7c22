/// What Python is asked to do: read any timeline through OpenTimelineIO, and print its clips as one line of JSON.
enum TimelineProgram {
  static let text = #"""
    import sys
    # A module of this name in the folder where somebody stands is not what is meant.
    sys.path = [entry for entry in sys.path if entry]
    import json
    import os

    def answer(**fields):
        sys.stdout.write("\n" + json.dumps(fields, allow_nan=False) + "\n")
        sys.stdout.flush()
        os._exit(0)

    # Warnings are no part of the answer.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    path, rate = sys.argv[1], float(sys.argv[2])
    is_edl = path.lower().endswith(".edl")
    try:
        import opentimelineio as otio
    except ImportError:
        answer(missing="opentimelineio")
    suffixes = {s for a in otio.plugins.ActiveManifest().adapters for s in a.suffixes}
    if os.path.splitext(path)[1].lower().lstrip(".") not in suffixes:
        answer(unknown=sorted(suffixes))

    def media_of(clip):
        reference = clip.media_reference
        if isinstance(reference, otio.schema.ExternalReference) and reference.target_url:
            return reference.target_url
        if isinstance(reference, otio.schema.ImageSequenceReference):
            return reference.target_url_base + reference.name_prefix + "#" + reference.name_suffix
        edl = clip.metadata.get("cmx_3600", {})
        for comment in edl.get("comments", []):
            key, colon, value = str(comment).partition(":")
            if colon and key.strip(" *").upper() == "SOURCE FILE" and value.strip():
                return value.strip()
        return str(edl["reel"]) if edl.get("reel") else None

    def is_enabled(thing):
        while thing is not None:
            if not getattr(thing, "enabled", True):
                return False
            thing = thing.parent()
        return True

    try:
        timeline = otio.adapters.read_from_file(path, **({"rate": rate} if is_edl and rate else {}))
        if isinstance(timeline, otio.schema.SerializableCollection):
            timelines = [each for each in timeline if isinstance(each, otio.schema.Timeline)]
            if len(timelines) != 1:
                answer(error="it holds %d timelines, and one is wanted" % len(timelines))
            timeline = timelines[0]
        if not isinstance(timeline, otio.schema.Timeline):
            answer(error="it holds no timeline but a " + type(timeline).__name__)
        found = []
        for number, track in enumerate(timeline.video_tracks()):
            for clip in track.find_clips():
                if not is_enabled(clip):
                    continue
                shown = clip.trimmed_range()
                record = clip.transformed_time_range(shown, timeline.tracks)
                said = clip.metadata.get("sluice", {})
                folder = said.get("folder") if hasattr(said, "get") else None
                entry = {
                    "name": clip.name or "",
                    "start": shown.start_time.value,
                    "duration": shown.duration.value,
                    "rate": shown.duration.rate,
                }
                media = media_of(clip)
                if media:
                    entry["media"] = media
                if folder:
                    entry["folder"] = str(folder)
                found.append((record.start_time.to_seconds(), number, entry))
        found.sort(key=lambda each: each[:2])
        answer(cut={"name": timeline.name or "", "clips": [entry for _, _, entry in found]})
    except Exception as error:
        answer(error=type(error).__name__ + ": " + str(error))
    """#
}
