//! All that is wrong with a request stands in one comment, which follows its corrections.

use insta::assert_snapshot;

use super::{POLICY, all_types};

#[tokio::test(flavor = "multi_thread")]
async fn all_problems_are_told_at_once() {
    let t = all_types().await;
    let line = "/build tag=1.4 channel=nightly signed=maybe parallel=many host=\"my host\" docs=docs contact=ben colour=red";
    let issue = t.issue("ben").await;
    t.comment("ben", issue, line).await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✏️ Eight answers need a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | Version tag | `1.4` | must begin with v | `v1.4.0` |
    | Channel | `nightly` | not one of stable, beta | `stable` |
    | signed | `maybe` | must be true or false | `false` |
    | Host | `my host` | is not the name or address of a host | `build.example` |
    | Documents | `docs` | is not a web address that begins with https:&#8203;// or http:&#8203;// | `https://docs.example/v1` |
    | Contact | `ben` | is not an email address | `you@mail.example` |
    | parallel | `many` | is not a number | – |
    | colour | `red` | is not an input; there are tag, channel, platforms, signed, host, docs, contact, parallel | – |

    Write a new comment with only the corrected `/build` line; one with only `/help` shows what can be asked for. Nothing has been started.
    ");
    let corrected = "/build tag=v1.4.0 channel=beta signed=yes parallel=4 host=my-host docs=https://docs.example contact=ben@mail.example";
    t.comment("ben", issue, corrected).await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | signed | `yes` | must be true or false | `true` |

    Write a new comment with only: `/build tag=v1.4.0 channel=beta signed=true parallel=4 host=my-host docs=https://docs.example contact=ben@mail.example`. Nothing has been started.
    ");
    t.comment("ben", issue, &corrected.replace("yes", "true")).await;
    t.is_built(issue, 1).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_the_issue_is_checked_again_in_the_same_comment() {
    let t = all_types().await;
    let issue = t.request("ben", "### Version tag\n\n1.4\n\n### Contact\n\nben at mail").await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✏️ Two answers need a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | Version tag | `1.4` | must begin with v | `v1.4.0` |
    | Contact | `ben at mail` | is not an email address | `you@mail.example` |

    Edit the issue's text above (⋯ → Edit); I check it again by myself. Nothing has been started.
    ");
    t.edit("ben", issue, "### Version tag\n\nv1.4\n\n### Contact\n\nben at mail").await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | Contact | `ben at mail` | is not an email address | `you@mail.example` |

    Edit the issue's text above (⋯ → Edit); I check it again by myself. Nothing has been started.
    ");
    t.edit("ben", issue, "### Version tag\n\nv1.4\n\n### Contact\n\nben@mail.example").await;
    t.is_built(issue, 1).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lengths_have_their_limits() {
    let t = all_types().await;
    let issue = t.issue("ben").await;
    let long = format!("{}@mail.example", "ben".repeat(20));
    t.comment("ben", issue, &format!("/build tag=v1.4.0 contact={long}")).await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | Contact | `benbenbenbenbenbenbenbenbenbenbenbenbenbenbenbenbenbenbenben@mail.example` | is longer than 40 characters | `you@mail.example` |

    Write a new comment with only: `/build tag=v1.4.0 contact=you@mail.example`. Nothing has been started.
    ");
    let huge = t.issue("ben").await;
    t.comment("ben", huge, &format!("/build tag=v1.4.0 platforms={}", "x".repeat(64_000))).await;
    t.is_built(huge, 1).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_an_issue_is_refused_with_the_reason() {
    let t = all_types().await;
    t.policy(&format!("{POLICY}      token: {{ label: Signing token, secret: true }}\n")).await;
    let issue = t.issue("ben").await;
    t.comment("ben", issue, "/build tag=v1.4.0 token=hunter2").await;
    let status = t.status(issue).await;
    assert!(!status.contains("hunter2"));
    assert_snapshot!(status, @"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | Signing token | – | is a secret, and what stands in an issue is public at once, in mails and in its edit history too: leave it out, and if this was the real one, replace it. A later version asks for it on a page of its own | – |

    Write a new comment with only: `/build tag=v1.4.0`. Nothing has been started.
    ");
    let form = t.request("ben", "### Version tag\n\nv1.4.0\n\n### Signing token\n\nhunter2").await;
    let status = t.status(form).await;
    assert!(!status.contains("hunter2"));
    assert_snapshot!(status, @"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | Signing token | – | is a secret, and what stands in an issue is public at once, in mails and in its edit history too: leave it out, and if this was the real one, replace it. A later version asks for it on a page of its own | – |

    Edit the issue's text above (⋯ → Edit); I check it again by myself. Nothing has been started.
    ");
    assert!(t.runs().is_empty());
    t.edit("ben", form, "### Version tag\n\nv1.4.0").await;
    t.is_built(form, 1).await;
    t.end().await;
}
