"""What goes wrong with builds."""

from __future__ import annotations

from obs.simulate.exporters.jenkins import JOBS
from obs.simulate.scenario import Change, Down, Ramp, Scenario, Set, Step

_JOB = {"jenkins_job": JOBS[0]}


def _scenario(name: str, title: str, description: str, *changes: Change | Down, alert: str, within: str) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        description=description,
        system="jenkins",
        changes=changes,
        alerts=(alert,),
        within=within,
    )


SCENARIOS = (
    _scenario(
        "jenkins-failing-builds",
        "Builds fail",
        "The registry refuses to be written to: a build fails every two minutes.",
        Change("jenkins_runs_failure_total", Step(1, every="2m")),
        Change("jenkins_runs_total_total", Step(1, every="2m")),
        alert="JenkinsBuildFailuresHigh",
        within="60m",
    ),
    _scenario(
        "jenkins-failing-job",
        "A job fails again and again",
        "A test of the ingest pipeline fails; each push starts another build of it.",
        Change("default_jenkins_builds_last_build_result_ordinal", Set(2), _JOB),
        Change("default_jenkins_builds_last_build_result", Set(0), _JOB),
        # The start of the last build moves with every scrape, as if one began each minute.
        Change("default_jenkins_builds_last_build_start_time_milliseconds", Ramp(2e12, over="2h"), _JOB),
        alert="JenkinsJobFailing",
        within="40m",
    ),
    _scenario(
        "jenkins-slow-build",
        "A build takes half an hour",
        "The cache of dependencies is gone: the ingest pipeline downloads them all.",
        Change("default_jenkins_builds_last_build_duration_milliseconds", Set(1_800_000), _JOB),
        alert="JenkinsBuildSlow",
        within="4m",
    ),
    _scenario(
        "jenkins-long-queue",
        "Builds wait for executors",
        "Agents cannot be started: twenty-five builds wait.",
        Change("jenkins_queue_size_value", Set(25)),
        Change("jenkins_node_offline_value", Set(4)),
        alert="JenkinsQueueLong",
        within="10m",
    ),
    _scenario(
        "jenkins-heap",
        "Jenkins' heap is full",
        "Too many builds are kept: 96 % of the controller's heap is in use.",
        Change("vm_memory_heap_usage", Set(0.96)),
        alert="JenkinsHeapNearlyFull",
        within="20m",
    ),
    _scenario(
        "jenkins-down",
        "Jenkins does not answer",
        "Nothing is built any more.",
        Down("jenkins"),
        alert="JenkinsSilent",
        within="8m",
    ),
)
