import SluiceModel

extension FarmCheck {
  /// Two tasks of one template at once, as a run has them.
  func templates() async throws(Fault) {
    guard case .job(let template)? = (try? TemplateFile.read(json: FarmCheck.template))?.template,
      let job = try? template.job([:], folders: OpenJD.Folders(template: root, working: root))
    else { preconditionFailure("the template of the check is a good one") }
    let orders = (1...2).map { number in
      var order = order("template\(number)", "")
      order.session = job.session(
        key: "check", directory: "\(root)/session", tasks: [("Try", [["Number": "\(number)"]])])
      return order
    }
    let faults = await withTaskGroup(of: Fault?.self) { group in
      for order in orders {
        group.addTask {
          do throws(Fault) {
            try await expect(order, .exited(0))
          } catch {
            return error
          }
          return nil
        }
      }
      return await group.reduce(into: [Fault]()) { faults, fault in fault.map { faults.append($0) } }
    }
    if let fault = faults.first { throw fault }
    for (number, order) in zip(1..., orders) {
      let log = text(order.log) ?? ""
      guard log.contains("task \(number) in its environment\n"), log.contains("its environment was left\n") else {
        throw Fault("task \(number) of a template did not run as it should\(tail(order.log))")
      }
    }
  }

  private static let template = """
    {"specificationVersion": "jobtemplate-2023-09", "name": "Check",
     "jobEnvironments": [{"name": "Around", "script": {"actions": {
       "onEnter": {"command": "echo", "args": ["openjd_env: AROUND=its environment"]},
       "onExit": {"command": "sh", "args": ["-c", "echo $AROUND was left"]}}}}],
     "steps": [{"name": "Try",
       "parameterSpace": {"taskParameterDefinitions": [{"name": "Number", "type": "INT", "range": "1-2"}]},
       "script": {
         "actions": {"onRun": {"command": "sh", "args": ["-c", "sleep 1; sh {{Task.File.Run}}; sleep 1"]}},
         "embeddedFiles": [{"name": "Run", "type": "TEXT", "data": "echo task {{Task.Param.Number}} in $AROUND"}]}}]}
    """
}
