import SluiceModel

/// What a cut shows of one shot, all its clips taken together.
struct CutUse {
  let clip: String
  /// What the timeline says of its folder.
  let hint: String?
  private(set) var media: String?
  private(set) var frames: FrameSet
  let rate: Double

  /// The shots of a cut, in the order of their first clips.
  /// - Throws: `cut.invalid`.
  static func all(of cut: Cut) throws(SluiceError) -> [CutUse] {
    var uses: [CutUse] = []
    var places: [String: Int] = [:]
    for clip in cut.clips {
      let frames = try clip.frames()
      let key = clip.folder.map { "folder \($0)" } ?? "clip \(clip.name)"
      if let place = places[key] {
        uses[place].frames = uses[place].frames.union(frames)
        uses[place].media = uses[place].media ?? clip.media
      } else {
        places[key] = uses.count
        uses.append(
          CutUse(clip: clip.name, hint: clip.folder, media: clip.media, frames: frames, rate: clip.rate))
      }
    }
    return uses
  }

  private init(clip: String, hint: String?, media: String?, frames: FrameSet, rate: Double) {
    (self.clip, self.hint, self.media, self.frames, self.rate) = (clip, hint, media, frames, rate)
  }

  var problem: (String) -> SluiceError {
    CutClip(name: clip, start: 0, duration: 0, rate: 0).problem
  }
}

/// What folders know of the cut: the names of their attributes.
enum CutAttribute {
  /// The clip that a shot was last seen as, and its source.
  static let clip = "cut_clip"
  static let media = "cut_media"
}

extension Folder {
  var cutClip: String? { attributes[CutAttribute.clip] }
  var cutMedia: String? { attributes[CutAttribute.media] }
  var range: FrameSet? { attributes["range"].flatMap { FrameSet($0) } }
}
