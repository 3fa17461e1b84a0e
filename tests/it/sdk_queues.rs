//! The emulator's queues and streams, by an SDK that we did not write: botocore, below boto3 and the AWS command line.

use std::process::Command;

use doorward_emulator::{DeadLetters, Emulator, KinesisStream, Options, Queue};
use doorward_tests::tools::Tools;
use tokio::runtime;

use crate::issuer;

const SCRIPT: &str = r#"
import sys, botocore.session
sqs_url, kinesis_url = sys.argv[1:]
def client(service, url):
    return botocore.session.Session().create_client(service, region_name='us-east-1', endpoint_url=url,
        aws_access_key_id='test', aws_secret_access_key='test')

sqs = client('sqs', sqs_url)
orders = sqs.get_queue_url(QueueName='orders')['QueueUrl']
assert sqs.list_queues(QueueNamePrefix='ord')['QueueUrls'] == [orders]
attributes = {'n': {'DataType': 'Number', 'StringValue': '1493147359900'},
              'b': {'DataType': 'Binary', 'BinaryValue': b'\x00\xff'}}
sent = sqs.send_message(QueueUrl=orders, MessageBody='x', MessageAttributes=attributes)
received = sqs.receive_message(QueueUrl=orders, VisibilityTimeout=0, AttributeNames=['All'],
    MessageAttributeNames=['All'])['Messages'][0]
assert received['MessageAttributes'] == attributes, received
assert received['MD5OfMessageAttributes'] == sent['MD5OfMessageAttributes']
again = sqs.receive_message(QueueUrl=orders, WaitTimeSeconds=5, VisibilityTimeout=0)['Messages'][0]
assert again['MessageId'] == sent['MessageId']
assert 'Messages' not in sqs.receive_message(QueueUrl=orders), 'two times are enough'
dead = sqs.get_queue_url(QueueName='dead')['QueueUrl']
letter = sqs.receive_message(QueueUrl=dead, AttributeNames=['All'])['Messages'][0]
assert letter['Attributes']['DeadLetterQueueSourceArn'].endswith(':orders'), letter
sqs.delete_message(QueueUrl=dead, ReceiptHandle=letter['ReceiptHandle'])

fifo = sqs.create_queue(QueueName='late.fifo', Attributes={'FifoQueue': 'true', 'ContentBasedDeduplication': 'true'})
batch = sqs.send_message_batch(QueueUrl=fifo['QueueUrl'], Entries=[
    {'Id': str(n), 'MessageBody': body, 'MessageGroupId': 'g'} for n, body in enumerate(['a', 'b', 'a'])])
ids = [entry['MessageId'] for entry in batch['Successful']]
assert ids[0] == ids[2] and ids[0] != ids[1], batch
bodies = [m['Body'] for m in sqs.receive_message(QueueUrl=fifo['QueueUrl'], MaxNumberOfMessages=10)['Messages']]
assert bodies == ['a', 'b'], bodies
counts = sqs.get_queue_attributes(QueueUrl=fifo['QueueUrl'], AttributeNames=['All'])['Attributes']
assert counts['ApproximateNumberOfMessagesNotVisible'] == '2', counts

try:
    sqs.get_queue_url(QueueName='nothing')
except sqs.exceptions.QueueDoesNotExist as error:
    assert error.response['Error']['QueryErrorCode'] == 'QueueDoesNotExist', error.response
    assert error.response['Error']['Code'] == 'AWS.SimpleQueueService.NonExistentQueue', error.response
else:
    raise AssertionError('there is no such queue')

kinesis = client('kinesis', kinesis_url)
put = kinesis.put_records(StreamName='clicks', Records=[{'Data': b'\x00', 'PartitionKey': 'a'}])
assert put['FailedRecordCount'] == 0 and len(put['Records'][0]['SequenceNumber']) == 56, put
assert len(kinesis.list_shards(StreamName='clicks')['Shards']) == 2
try:
    kinesis.put_record(StreamName='nothing', Data=b'', PartitionKey='a')
except kinesis.exceptions.ResourceNotFoundException:
    pass
else:
    raise AssertionError('there is no such stream')
print('served')
"#;

#[test]
fn an_sdk_is_served() {
    let tools = Tools::install().unwrap();
    let runtime = runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let dead_letters = DeadLetters { queue: "dead".to_owned(), maximum_receives: 2 };
    let options = Options {
        queues: vec![Queue::new("dead"), Queue { dead_letters: Some(dead_letters), ..Queue::new("orders") }],
        kinesis_streams: vec![KinesisStream { name: "clicks".to_owned(), shards: 2 }],
        ..issuer::options()
    };
    let emulator = runtime.block_on(Emulator::start(options)).unwrap();
    let (sqs, kinesis) = (emulator.sqs_url().unwrap(), emulator.kinesis_url().unwrap());
    let output = Command::new(tools.python()).args(["-c", SCRIPT, sqs, kinesis]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "served", "{output:?}");
    runtime.block_on(emulator.shutdown());
}
